"""Every page in every state it can be in: axe finds nothing to object to."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import text

from services import users
from services.clock import system_clock
from services.predictions import Ingest
from services.scores import RiskBands
from services.workspace import fill
from tests.board import Board
from tests.e2e.axe import BOTH, expect_accessible
from tests.e2e.conftest import enter, value
from tests.e2e.network import Network

PERSON = 'axel-of-accessibility@example.com'
NEWCOMER = 'nora-of-accessibility@example.com'
SAMPLER = 'sam-of-accessibility@example.com'
CUSTOMERS = 30
REASONS = ('+Logins down by half', '+Two open complaints', '-Contract of three years')


def rows() -> list[dict[str, object]]:
    """A month of scores, of every band; a fifth of the customers at high risk, so that there is an alert."""
    chance, now = random.Random(3), datetime.now(UTC)
    return [
        {
            'customer_id': f'C-{number:03}',
            'customer_name': f'Nordlicht Logistik & Söhne {number}' if number % 4 else None,
            'churn_score': round(min(1.0, max(0.0, 0.2 + number / 40 + chance.uniform(-0.15, 0.15))), 3),
            'predicted_at': (now - timedelta(days=day, minutes=number)).isoformat(),
            'account_value': 1_000 * number or None,
            'reasons': REASONS[: 1 + number % 3],
        }
        for number in range(CUSTOMERS)
        for day in (0, 8, 20)
    ]


@pytest.fixture(scope='module')
def rest(board: Board) -> Iterator[httpx.Client]:
    with board.rest(board.add_user(PERSON)) as rest:
        taken = rest.post('/api/predictions', json=rows())
        assert taken.status_code == 200, taken.text
        snoozed = {'snoozed_until': (datetime.now(UTC) + timedelta(days=5)).date().isoformat()}
        rest.patch('/api/customers/C-029', json={**snoozed, 'snooze_reason': 'on holiday'}).raise_for_status()
        rest.post('/api/customers/C-028/notes', json={'text': 'Called Ana.\nFriday'}).raise_for_status()
        rest.patch('/api/customers/C-028', json={'owner': 'Maria Lund'}).raise_for_status()
        yield rest


@pytest.fixture(scope='module')
def tab(browser: Browser) -> Iterator[Page]:
    """One for all; without motion, so that no colour is on its way to another."""
    context = browser.new_context(reduced_motion='reduce')
    yield context.new_page()
    context.close()


@pytest.fixture(scope='module')
def person(board: Board, rest: httpx.Client, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(reduced_motion='reduce')
    yield enter(context.new_page(), board, PERSON)
    context.close()


@pytest.fixture
def at_board(person: Page, board: Board) -> Page:
    """With everything that belongs to it, the charts too."""
    return open_board(person, board)


def open_board(page: Page, board: Board, query: str = '') -> Page:
    page.set_viewport_size({'width': 1440, 'height': 900})
    page.goto(f'{board.url}/{query}')
    expect(page.locator('[data-connection]')).to_contain_text('Live')
    return page


def draw_charts(page: Page) -> None:
    for chart in page.locator('[data-lazy]').all():
        chart.scroll_into_view_if_needed()
        expect(chart.locator('.main-svg').first).to_be_visible(timeout=30_000)
    page.evaluate('window.scrollTo(0, 0)')


def expect_accessible_dialog(page: Page) -> None:
    expect(page.get_by_role('dialog')).to_be_visible()
    expect(page.get_by_role('dialog')).to_have_accessible_name(re.compile('.'))
    expect(page.locator('.q-dialog__inner--animating')).to_have_count(0)
    expect_accessible(page, '[role=dialog]')


def test_the_sign_in(board: Board, tab: Page) -> None:
    tab.goto(f'{board.url}/login')
    expect_accessible(tab)
    tab.get_by_label('E-mail').fill('nobody@example.com')
    tab.get_by_label('Password').fill('not the right one at all')
    tab.get_by_role('button', name='Sign in').click()
    expect(tab.get_by_role('alert')).to_contain_text('not right')
    expect_accessible(tab, looks=BOTH)


def test_the_board_with_its_charts_and_the_snoozed(at_board: Page) -> None:
    draw_charts(at_board)
    at_board.get_by_role('button', name='Show 1 snoozed').click()
    expect(at_board.get_by_role('table', name='Snoozed customers')).to_be_visible()
    expect(at_board.get_by_text('Critical', exact=True)).to_be_visible()
    expect_accessible(at_board)


def test_the_board_with_a_menu_open(at_board: Page) -> None:
    for menu in at_board.locator('details > summary').all():
        menu.click()
        expect_accessible(at_board, 'details[open]')
        at_board.keyboard.press('Escape')


def test_the_board_with_a_tip_open(at_board: Page) -> None:
    at_board.get_by_role('button', name=re.compile('^About')).first.focus()
    expect(at_board.get_by_role('tooltip').first).to_be_visible()
    expect_accessible(at_board, '.tip:focus-within')


def test_the_board_with_filters_opened_and_refused(at_board: Page) -> None:
    at_board.get_by_label('Score from').fill('900')
    expect(at_board.get_by_label('Score from')).to_have_attribute('aria-invalid', 'true')
    at_board.get_by_role('button', name='High', exact=False).first.click()
    expect(at_board.get_by_role('button', name=re.compile('Remove the filter'))).to_have_count(1)
    at_board.set_viewport_size({'width': 360, 'height': 900})
    at_board.get_by_role('button', name='Filters').click()
    expect_accessible(at_board, looks=BOTH)


def test_the_board_paused_with_updates_held_back(at_board: Page, rest: httpx.Client) -> None:
    at_board.get_by_role('button', name='Pause').click()
    rest.post('/api/predictions', json=[{'customer_id': 'C-001', 'churn_score': 0.1}]).raise_for_status()
    expect(at_board.get_by_text('1 update while paused')).to_be_visible(timeout=20_000)
    expect_accessible(at_board, looks=BOTH)
    at_board.get_by_role('button', name='Resume').click()
    expect(at_board.locator('[data-connection]')).to_contain_text('Live')


def test_the_board_before_the_session_ends_and_at_its_limit(person: Page, board: Board) -> None:
    board.end_sessions_in(PERSON, timedelta(minutes=8), signed_in=timedelta(hours=11))
    open_board(person, board)
    expect(person.get_by_role('button', name='Stay signed in')).to_be_visible()
    expect_accessible(person)
    person.route('**/api/session', lambda route: route.abort())
    person.get_by_role('button', name='Stay signed in').click()
    expect(person.get_by_text('The server cannot be reached. Try again in a moment.')).to_be_visible()
    expect_accessible(person, '.session-warning', looks=BOTH)
    person.unroute('**/api/session')
    board.end_sessions_in(PERSON, timedelta(minutes=8), signed_in=timedelta(hours=168, minutes=-8))
    open_board(person, board)
    expect(person.locator('.session-warning')).to_contain_text('Sign in again then')
    expect_accessible(person, looks=BOTH)
    board.end_sessions_in(PERSON, timedelta(hours=12))


def test_the_board_when_nothing_matches(person: Page, board: Board) -> None:
    open_board(person, board, '?q=nobody')
    expect(person.get_by_role('heading', name='Nothing matches')).to_be_visible()
    expect_accessible(person, looks=BOTH)


def test_the_board_and_the_data_page_of_a_newcomer(board: Board, tab: Page) -> None:
    board.add_user(NEWCOMER)
    enter(tab, board, NEWCOMER)
    expect(tab.get_by_role('heading', name='No predictions yet')).to_be_visible()
    expect_accessible(tab)
    tab.goto(f'{board.url}/data')
    expect(tab.locator('[data-connection]')).to_contain_text('Live')
    expect_accessible(tab)
    tab.context.clear_cookies()


def test_the_board_of_the_sample_and_the_question_before_it_goes(board: Board, tab: Page) -> None:
    board.add_user(SAMPLER)
    with board.database() as database:
        with database.reading() as session:
            sampler = users.find(session, SAMPLER)
        assert sampler.id is not None
        fill(Ingest(database, clock=system_clock, bands=RiskBands()), sampler.id, zone='UTC', now=system_clock())
    enter(tab, board, SAMPLER)
    tab.get_by_role('button', name='Remove sample data').click()
    expect_accessible_dialog(tab)
    tab.context.clear_cookies()


def test_the_board_without_a_link(board: Board, person: Page) -> None:
    network = Network(person)
    open_board(person, board)
    network.cut()
    expect(person.locator('[data-connection]')).to_contain_text('Reconnecting', timeout=20_000)
    expect_accessible(person, looks=BOTH)
    person.context.set_offline(True)
    expect(person.locator('[data-connection]')).to_contain_text('Offline', timeout=20_000)
    person.wait_for_selector('html[data-stale]', timeout=60_000)
    expect_accessible(person, looks=BOTH)
    person.context.set_offline(False)
    network.heal()


def test_the_board_that_polls_and_is_signed_out(board: Board, tab: Page, rest: httpx.Client) -> None:
    network = Network(tab)
    enter(tab, board, PERSON)
    expect(tab.locator('[data-connection]')).to_contain_text('Live')
    network.cut()
    expect(tab.locator('[data-connection]')).to_contain_text('Polling', timeout=60_000)
    expect_accessible(tab, looks=BOTH)
    tab.context.clear_cookies()
    expect(tab.get_by_role('heading', name='You are signed out')).to_be_visible(timeout=60_000)
    expect_accessible(tab, looks=BOTH)
    network.heal()


def test_the_board_whose_numbers_cannot_be_read(tmp_path: Path, tab: Page) -> None:
    board = Board(tmp_path)
    board.start()
    try:
        token = board.add_user(PERSON)
        with board.rest(token) as rest:
            rest.post('/api/predictions', json=rows()).raise_for_status()
        enter(tab, board, PERSON)
        expect(value(tab, 'total_predictions')).to_have_text('90')
        with board.database() as database, database.engine.begin() as connection:
            connection.execute(text('ALTER TABLE prediction RENAME TO lost'))
        tab.set_viewport_size({'width': 1440, 'height': 900})
        tab.get_by_label('Customer').first.fill('C-02')
        expect(tab.get_by_text('Not up to date')).to_be_visible(timeout=20_000)
        expect_accessible(tab, looks=BOTH)
    finally:
        board.stop()


def drop(page: Page, name: str, lines: list[str]) -> None:
    content = ('\n'.join(lines) + '\n').encode()
    page.locator('input[type=file]').first.set_input_files({'name': name, 'mimeType': 'text/csv', 'buffer': content})


def test_the_data_page_from_the_preview_to_the_undo(board: Board, person: Page) -> None:
    person.goto(f'{board.url}/data')
    expect(person.locator('[data-connection]')).to_contain_text('Live')
    good = [f'K-{number},Blau {number},0.{number}5,gut' for number in range(1, 10)]
    drop(person, 'wöchentlich.csv', ['Kunde,Bezeichnung,Abwanderung,Notiz', *good, 'K-10,Blau,hoch,gut'])
    card = person.locator('[data-upload]')
    expect(card.get_by_label('What “Kunde” holds')).to_be_visible()
    expect_accessible(person)
    card.get_by_label('What “Kunde” holds').select_option('Customer id')
    card.get_by_label('What “Abwanderung” holds').select_option('Churn score')
    card.get_by_role('button', name='Take in').click()
    expect(card.get_by_text('Nothing was taken: 1 row is not valid')).to_be_visible()
    expect_accessible(person, looks=BOTH)
    card.get_by_role('button', name='Take the 9 good rows only').click()
    expect(card.get_by_text('9 rows taken')).to_be_visible()
    expect_accessible(person, looks=BOTH)
    person.get_by_role('button', name='Undo wöchentlich.csv').click()
    expect_accessible_dialog(person)
    person.get_by_role('dialog').get_by_role('button', name='Undo', exact=True).click()
    expect(person.locator('.status-note')).to_contain_text('is undone')
    expect(person.get_by_role('dialog')).to_have_count(0)
    expect_accessible(person, looks=BOTH)


def test_the_connect_page_from_the_token_to_the_revoked_key(board: Board, person: Page) -> None:
    person.goto(f'{board.url}/connect')
    expect_accessible(person)
    person.get_by_role('button', name='Get a token', exact=True).click()
    person.get_by_role('button', name='Reveal').click()
    person.get_by_label('Name of a new key').fill('wall screen')
    person.get_by_role('button', name='Make a key').click()
    expect(person.get_by_role('button', name='I have stored it')).to_be_visible()
    person.get_by_role('tab', name='JavaScript').click()
    expect_accessible(person, looks=BOTH)
    person.get_by_role('button', name='I have stored it').click()
    person.get_by_label('Name of a new key').fill('wall screen')
    person.get_by_role('button', name='Make a key').click()
    expect(person.get_by_text('There is a key of this name already.')).to_be_visible()
    person.get_by_role('tab', name='Python').click()
    expect_accessible(person, looks=BOTH)
    person.get_by_role('button', name='Revoke wall screen').click()
    expect_accessible_dialog(person)
    person.get_by_role('dialog').get_by_role('button', name='Revoke', exact=True).click()
    expect(person.get_by_text('Revoked', exact=True)).to_be_visible()
    expect(person.get_by_role('dialog')).to_have_count(0)
    expect_accessible(person, looks=BOTH)


def test_the_settings_with_and_without_a_fault(board: Board, person: Page) -> None:
    person.goto(f'{board.url}/settings')
    expect(person.locator('[data-connection]')).to_contain_text('Live')
    expect_accessible(person)
    person.get_by_label('Current password').fill('a wrong guess of it')
    person.get_by_label('New password', exact=True).fill('amber lantern forty-two')
    person.get_by_label('New password again').fill('amber lantern forty-two')
    person.get_by_role('button', name='Change password').click()
    expect(person.get_by_text('The current password is not right.')).to_be_visible()
    expect_accessible(person, looks=BOTH)


def test_the_keys_of_the_settings_from_the_first_to_the_revoked(board: Board, person: Page) -> None:
    person.goto(f'{board.url}/settings')
    keys = person.get_by_role('region', name='API keys')
    keys.get_by_label('Name of a new key').fill('settings screen')
    keys.get_by_role('button', name='Make a key').click()
    expect(keys.get_by_role('button', name='I have stored it')).to_be_visible()
    expect_accessible(person, '.panel-keys', looks=BOTH)
    keys.get_by_role('button', name='I have stored it').click()
    keys.get_by_label('Name of a new key').fill('settings screen')
    keys.get_by_role('button', name='Make a key').click()
    expect(keys.get_by_text('There is a key of this name already.')).to_be_visible()
    expect_accessible(person, '.panel-keys', looks=BOTH)
    keys.get_by_role('button', name='Revoke settings screen').click()
    expect_accessible_dialog(person)
    person.get_by_role('dialog').get_by_role('button', name='Revoke', exact=True).click()
    expect(keys.get_by_role('row', name='settings screen').get_by_text('Revoked', exact=True)).to_be_visible()
    expect(person.get_by_role('dialog')).to_have_count(0)
    expect_accessible(person, '.panel-keys', looks=BOTH)


def test_a_customer_with_its_table_its_forms_and_its_dialog(board: Board, person: Page) -> None:
    person.goto(f'{board.url}/customers/C-028')
    expect(person.locator('[data-connection]')).to_contain_text('Live')
    draw_charts(person)
    expect_accessible(person)
    person.get_by_role('button', name='Show as table').click()
    person.get_by_role('button', name='Snooze', exact=True).click()
    person.get_by_role('button', name='Change', exact=True).first.click()
    person.get_by_role('button', name=re.compile('^Edit')).first.click()
    expect(person.get_by_role('textbox', name='Edit the note')).to_be_visible()
    expect_accessible(person, looks=BOTH)
    person.locator('.note').get_by_role('button', name='Cancel').click()
    person.get_by_role('button', name=re.compile('^Delete')).first.click()
    expect_accessible_dialog(person)


def test_a_customer_who_is_not_there(board: Board, person: Page) -> None:
    person.goto(f'{board.url}/customers/nobody')
    expect(person.get_by_role('heading', name='There is no such customer')).to_be_visible()
    expect_accessible(person)


def test_the_documents(board: Board, person: Page) -> None:
    """Both are made of the same parts; one of them is too long to be looked at as a whole."""
    person.goto(f'{board.url}/api/asyncapi')
    expect_accessible(person, looks=BOTH)
    person.goto(f'{board.url}/api/docs')
    expect_accessible(person, '#post-predictions', looks=BOTH)
