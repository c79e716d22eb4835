"""The board as its users have it: sign in, look, filter, import elsewhere, export, sign out."""

from __future__ import annotations

import csv
import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.board import Board
from tests.e2e.conftest import ALICE, BOB, now, value

SignIn = Callable[[Board, str], Page]


@pytest.fixture(autouse=True)
def no_page_errors(page: Page) -> object:
    """Whatever a test does, the browser's console stays clean."""
    problems: list[str] = []
    page.on('pageerror', lambda error: problems.append(str(error)))
    page.on('console', lambda message: problems.append(message.text) if message.type == 'error' else None)
    yield
    expected = re.compile(r'401|ERR_CONNECTION|WebSocket connection')
    assert [problem for problem in problems if not expected.search(problem)] == []


def test_a_wrong_password_is_told_and_the_address_kept(board: Board, page: Page) -> None:
    page.goto(board.url)
    page.get_by_label('E-mail').fill(ALICE)
    page.get_by_label('Password').fill('not the right one at all')
    page.get_by_role('button', name='Sign in').click()
    expect(page.get_by_role('alert')).to_contain_text('not right')
    expect(page.get_by_label('E-mail')).to_have_value(ALICE)


def test_the_telco_numbers_stand_on_the_cards(telco_board: Board, sign_in: SignIn, telco: Path) -> None:
    expected = json.loads((telco / 'expected.json').read_text())['metrics']
    page = sign_in(telco_board, ALICE)
    expect(value(page, 'total_predictions')).to_have_text(f'{expected["total_predictions"]:,}')
    expect(value(page, 'high_risk_predictions')).to_have_text(f'{expected["high_risk_predictions"]:,}')
    expect(value(page, 'medium_risk_predictions')).to_have_text(f'{expected["medium_risk_predictions"]:,}')
    expect(value(page, 'low_risk_predictions')).to_have_text(f'{expected["low_risk_predictions"]:,}')
    expect(value(page, 'avg_churn_score')).to_have_text(f'{100 * expected["avg_churn_score"]:.1f} %')
    expect(value(page, 'retention_rate')).to_have_text(f'{expected["retention_rate"]:.1f} %')
    expect(page.locator('[data-connection]')).to_contain_text('Live')
    expect(page.get_by_role('heading', name='Customers at risk')).to_be_visible()


def test_charts_are_drawn_when_they_come_near(telco_board: Board, sign_in: SignIn) -> None:
    page = sign_in(telco_board, ALICE)
    for name in ('Score distribution', 'Risk over time', 'Expected retention over time', 'Predictions a day'):
        page.get_by_role('heading', name=name).scroll_into_view_if_needed()
        chart = page.locator('section.chart').filter(has=page.get_by_role('heading', name=name))
        expect(chart.locator('.main-svg').first).to_be_visible(timeout=20_000)


def test_an_import_by_another_process_changes_the_cards_of_the_open_page(
    board: Board, sign_in: SignIn, tmp_path: Path
) -> None:
    page = sign_in(board, BOB)
    expect(page.get_by_text('main.py import')).to_be_visible()
    page.evaluate('window.notReloaded = true')
    file = tmp_path / 'scores.csv'
    file.write_text(f'customer_id,customer_name,churn_score,predicted_at\nc1,Grün <b>& Co,0.91,{now()}\n')
    done = board.command('import', str(file), '--user', BOB)
    assert done.returncode == 0, done.stderr
    start = time.monotonic()
    expect(value(page, 'total_predictions')).to_have_text('1', timeout=20_000)
    assert time.monotonic() - start < 6
    expect(page.get_by_text('Grün <b>& Co').first).to_be_visible()
    assert page.evaluate('window.notReloaded') is True


def test_what_a_program_posts_is_painted_then_and_not_when_the_database_is_looked_at(
    tmp_path: Path, sign_in: SignIn
) -> None:
    slow = Board(tmp_path, {'REFRESH_SECONDS': '600'})
    slow.start()
    try:
        token = slow.add_user('erin@example.com')
        page = sign_in(slow, 'erin@example.com')
        expect(page.locator('[data-connection]')).to_contain_text('Live')
        began = time.monotonic()
        for number in range(1, 21):
            with slow.rest(token) as rest:
                rest.post('/api/predictions', json=[{'customer_id': f'c{number}', 'churn_score': 0.5}])
            expect(value(page, 'total_predictions')).to_have_text(str(number))
        assert time.monotonic() - began < 40  # looks every 2.5 seconds would take 50
    finally:
        slow.stop()


def test_filters_narrow_the_numbers_and_reset_brings_them_back(telco_board: Board, sign_in: SignIn) -> None:
    page = sign_in(telco_board, ALICE)
    total = value(page, 'total_predictions')
    everything = total.inner_text()
    page.get_by_role('button', name='High', exact=False).first.click()
    expect(total).to_have_text(value(page, 'high_risk_predictions').inner_text())
    page.get_by_label('Customer').first.fill('7590-VHVEG')
    expect(total).to_have_text('1')
    page.get_by_role('button', name='Reset').click()
    expect(total).to_have_text(everything)


def test_a_filter_that_matches_nothing_says_so_and_can_be_cleared(telco_board: Board, sign_in: SignIn) -> None:
    page = sign_in(telco_board, ALICE)
    page.get_by_label('Customer').first.fill('no such customer')
    expect(value(page, 'total_predictions')).to_have_text('0')
    page.get_by_role('button', name=re.compile('clear', re.IGNORECASE)).first.click()
    expect(value(page, 'total_predictions')).not_to_have_text('0')


def test_a_bad_score_bound_is_told_at_its_field(telco_board: Board, sign_in: SignIn) -> None:
    page = sign_in(telco_board, ALICE)
    page.get_by_label('Score from').fill('900')
    expect(page.get_by_text(re.compile('score', re.IGNORECASE)).filter(has_text='0')).not_to_have_count(0)
    expect(page.get_by_label('Score from')).to_have_attribute('aria-invalid', 'true')


def test_an_export_downloads_what_is_filtered(telco_board: Board, sign_in: SignIn) -> None:
    page = sign_in(telco_board, ALICE)
    page.get_by_label('Customer').first.fill('7590-VHVEG')
    expect(value(page, 'total_predictions')).to_have_text('8')
    page.locator('summary', has_text='Export').click()
    with page.expect_download() as download:
        page.get_by_role('button', name='CSV', exact=True).click()
    with Path(download.value.path()).open(newline='') as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8
    assert {row['customer_id'] for row in rows} == {'7590-VHVEG'}


def test_disabling_an_account_ends_its_open_page_within_a_beat(board: Board, sign_in: SignIn, page: Page) -> None:
    email = 'carol@example.com'
    board.add_user(email)
    sign_in(board, email)
    expect(page.locator('[data-connection]')).to_contain_text('Live')
    assert board.command('user', 'disable', email).returncode == 0
    expect(page).to_have_url(re.compile('/login'), timeout=20_000)


@pytest.mark.parametrize('width', [320, 360, 768, 1440])
def test_nothing_is_wider_than_the_screen(telco_board: Board, sign_in: SignIn, page: Page, width: int) -> None:
    page.set_viewport_size({'width': width, 'height': 800})
    sign_in(telco_board, ALICE)
    expect(value(page, 'total_predictions')).not_to_have_text('–')
    assert page.evaluate('document.documentElement.scrollWidth') <= width


def test_beats_do_not_move_the_page_or_take_the_focus(telco_board: Board, sign_in: SignIn, page: Page) -> None:
    sign_in(telco_board, ALICE)
    page.get_by_label('Customer').first.press_sequentially('759')
    page.evaluate('window.scrollTo(0, 400)')
    first = page.locator('[data-connection] time').get_attribute('datetime')
    page.wait_for_function(
        "before => document.querySelector('[data-connection] time').dateTime !== before", arg=first, timeout=30_000
    )
    assert page.evaluate('window.scrollY') == 400
    assert page.evaluate('document.activeElement.value') == '759'
