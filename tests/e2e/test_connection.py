"""What the page does, and says, while its link to the server is bad."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.accounts import PASSWORD
from tests.board import Board
from tests.e2e.conftest import value
from tests.e2e.network import Network

LONG = 60_000

SignIn = Callable[[Board, str], Page]
PERSON = 'ivan-of-connections@example.com'


@pytest.fixture
def network(page: Page) -> Network:
    return Network(page)


@pytest.fixture(scope='module')
def token(board: Board) -> str:
    token = board.add_user(PERSON)
    with board.rest(token) as rest:
        post(rest, 0.9)
    return token


@pytest.fixture
def rest(board: Board, token: str) -> Iterator[httpx.Client]:
    with board.rest(token) as rest:
        yield rest


def post(rest: httpx.Client, score: float, customer: str = 'c1', **more: str) -> None:
    answer = rest.post('/api/predictions', json=[{'customer_id': customer, 'churn_score': score, **more}])
    assert answer.status_code == 200, answer.text


def pill(page: Page) -> Locator:
    return page.locator('.pill')


def stay(page: Page) -> None:
    page.evaluate('window.notReloaded = true')


def stayed(page: Page) -> bool:
    return page.evaluate('window.notReloaded') is True


def test_a_short_loss_is_told_at_once_and_loses_nothing(
    board: Board, sign_in: SignIn, page: Page, network: Network, rest: httpx.Client
) -> None:
    sign_in(board, PERSON)
    expect(pill(page)).to_contain_text('Live')
    stay(page)
    page.get_by_label('Customer').first.fill('c1')
    expect(page).to_have_url(re.compile(r'\?q=c1$'))
    network.cut()
    expect(pill(page)).to_have_text('Reconnecting…', timeout=20_000)
    expect(page.locator('.retry')).to_contain_text(re.compile(r'^Try \d of 5, (next in \d+ s|trying now)'))
    page.get_by_label('Score from').fill('10')
    page.wait_for_timeout(10_000)
    expect(page.get_by_role('button', name='Reconnect now')).to_be_visible()
    network.heal()
    page.get_by_role('button', name='Reconnect now').click()
    expect(pill(page)).to_contain_text('Live', timeout=20_000)
    assert stayed(page)
    expect(page.get_by_label('Customer').first).to_have_value('c1')
    expect(page.get_by_label('Score from')).to_have_value('10')
    before = int(value(page, 'total_predictions').inner_text())
    post(rest, 0.5)
    expect(value(page, 'total_predictions')).to_have_text(str(before + 1), timeout=20_000)


def test_a_long_loss_is_bridged_by_polling(
    board: Board, sign_in: SignIn, page: Page, network: Network, rest: httpx.Client
) -> None:
    sign_in(board, PERSON)
    expect(pill(page)).to_contain_text('Live')
    stay(page)
    total, high = value(page, 'total_predictions'), value(page, 'high_risk_predictions')
    before, before_high = int(total.inner_text()), int(high.inner_text())
    network.cut()
    cut = time.monotonic()
    post(rest, 0.95, 'c2', external_id='c2')
    expect(pill(page)).to_contain_text('Polling', timeout=60_000)
    assert time.monotonic() - cut < 36
    expect(total).to_have_text(str(before + 1))
    post(rest, 0.9, 'c3', external_id='c3')
    expect(total).to_have_text(str(before + 2), timeout=20_000)
    expect(high).to_have_text(str(before_high + 2))
    expect(page.locator('.panel-head .age').first).to_have_text(re.compile(r'\d+ s ago'))
    assert not page.locator('html[data-stale]').count()
    # as the page itself knew it last: what was polled must not outlive the polling
    post(rest, 0.1, 'c2', external_id='c2')
    post(rest, 0.1, 'c3', external_id='c3')
    network.heal()
    page.get_by_role('button', name='Reconnect now').click()
    expect(pill(page)).to_contain_text('Live', timeout=20_000)
    expect(high).to_have_text(str(before_high))
    expect(total).to_have_text(str(before + 2))
    post(rest, 0.97, 'c4')
    expect(total).to_have_text(str(before + 3), timeout=20_000)
    assert stayed(page)
    expect(page.locator('.panel-head .age').first).to_have_text('')


def test_numbers_that_have_grown_old_are_muted_and_say_of_when_they_are(
    board: Board, sign_in: SignIn, page: Page
) -> None:
    with board.rest(board.add_user('stale@example.com')) as rest:
        rest.post('/api/predictions', json=[{'customer_id': 'c', 'churn_score': 0.5}]).raise_for_status()
    sign_in(board, 'stale@example.com')
    expect(page.locator('[data-connection]')).to_contain_text('Live', timeout=LONG)
    expect(page.locator('.as-of')).to_contain_text('as of')
    expect(page.locator('.card-title .age').first).to_be_empty()
    page.context.set_offline(True)
    page.evaluate('socket.io.engine.close()')
    expect(page.locator('html')).to_have_attribute('data-stale', '', timeout=LONG)
    expect(page.locator('.as-of')).to_contain_text(re.compile(r'Data from .* ago$'))
    expect(page.locator('.card-title .age').first).to_have_text(re.compile(r'^\d+ (s|min) ago$'))
    assert page.evaluate("getComputedStyle(document.querySelector('.board-body')).filter") != 'none'
    page.context.set_offline(False)
    expect(page.locator('html')).not_to_have_attribute('data-stale', '', timeout=LONG)
    expect(page.locator('.as-of')).to_contain_text('as of')


def test_after_a_restart_of_the_server_the_same_view_comes_back(tmp_path: Path, sign_in: SignIn, page: Page) -> None:
    board = Board(tmp_path)
    board.start()
    try:
        token = board.add_user(PERSON)
        with board.rest(token) as rest:
            for number in range(60):
                post(rest, 0.9 - number / 1000, f'c{number}')
        sign_in(board, PERSON)
        page.get_by_role('button', name='High', exact=False).first.click()
        page.get_by_label('Customer').first.fill('c')
        expect(page).to_have_url(re.compile(r'\?risk=high&q=c$'))
        shown = value(page, 'total_predictions').inner_text()
        board.kill()
        expect(pill(page)).to_contain_text('Reconnecting', timeout=20_000)
        page.get_by_label('Score from').fill('10')
        page.evaluate('window.scrollTo(0, 300)')
        board.start()
        page.wait_for_function(
            'window.scrollY === 300 && document.documentElement.dataset.link === "live"', timeout=40_000
        )
        expect(page.get_by_label('Score from')).to_have_value('10')
        expect(page.get_by_label('Customer').first).to_have_value('c')
        expect(page).to_have_url(re.compile(r'\?risk=high&q=c&min_score=0\.1$'))
        expect(value(page, 'total_predictions')).to_have_text(shown)
    finally:
        board.stop()


def test_who_was_signed_out_meanwhile_is_told_and_led_back_to_the_same_view(
    board: Board, sign_in: SignIn, page: Page, network: Network, token: str
) -> None:
    sign_in(board, PERSON)
    page.get_by_role('button', name='High', exact=False).first.click()
    expect(page).to_have_url(re.compile(r'\?risk=high$'))
    network.cut()
    expect(pill(page)).to_contain_text('Reconnecting', timeout=20_000)
    page.context.clear_cookies()
    expect(pill(page)).to_contain_text('Signed out', timeout=40_000)
    expect(value(page, 'total_predictions')).to_be_hidden()
    network.heal()
    page.get_by_role('link', name='Sign in again').click()
    page.get_by_label('E-mail').fill(PERSON)
    page.get_by_label('Password').fill(PASSWORD)
    page.get_by_role('button', name='Sign in').click()
    expect(page).to_have_url(re.compile(r'\?risk=high$'))
    expect(pill(page)).to_contain_text('Live')


def test_back_and_forward_go_through_the_views(board: Board, sign_in: SignIn, page: Page, token: str) -> None:
    sign_in(board, PERSON)
    customer = page.get_by_label('Customer').first
    page.get_by_role('button', name='High', exact=False).first.click()
    expect(page).to_have_url(re.compile(r'\?risk=high$'))
    customer.press_sequentially('c1', delay=500)
    expect(page).to_have_url(re.compile(r'\?risk=high&q=c1$'))
    page.go_back()
    expect(customer).to_have_value('')
    expect(page.get_by_role('button', name='High', exact=False).first).to_have_attribute('aria-pressed', 'true')
    page.go_back()
    expect(page.locator('.chip')).to_have_count(0)
    page.go_forward()
    page.go_forward()
    expect(customer).to_have_value('c1')
    page.get_by_role('button', name=re.compile('Remove the filter: high')).click()
    expect(page).to_have_url(re.compile(r'\?q=c1$'))
    expect(page.get_by_role('button', name=re.compile('Remove the filter: “c1”'))).to_be_focused()
