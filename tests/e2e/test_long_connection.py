"""Links that are bad for long, or from the start, and two people in front of one browser."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, WebSocketRoute, expect
from sqlalchemy import text

from tests.accounts import PASSWORD
from tests.board import Board
from tests.e2e.conftest import enter, value
from tests.e2e.network import Network

SignIn = Callable[[Board, str], Page]
PERSON = 'lena-of-links@example.com'
OTHER = 'omar-of-links@example.com'
SECRET_CUSTOMER = 'Only for Lena GmbH'


@pytest.fixture(scope='module')
def rest(board: Board) -> Iterator[httpx.Client]:
    with board.rest(board.add_user(PERSON)) as rest:
        for number in range(30):
            post(rest, 0.9 - number / 100, f'c{number}', customer_name=f'{SECRET_CUSTOMER} {number}')
        yield rest


def post(rest: httpx.Client, score: float, customer: str = 'c1', **more: str) -> None:
    rest.post('/api/predictions', json=[{'customer_id': customer, 'churn_score': score, **more}]).raise_for_status()


def total(page: Page) -> int:
    return int(value(page, 'total_predictions').inner_text().replace(',', ''))


@pytest.fixture
def person(board: Board, rest: httpx.Client, sign_in: SignIn) -> Page:
    page = sign_in(board, PERSON)
    expect(page.locator('.pill')).to_contain_text('Live')
    page.evaluate('window.notReloaded = true')
    return page


@pytest.mark.long
@pytest.mark.timeout(400)
@pytest.mark.parametrize('seconds', [40, 90])
def test_a_link_that_was_cut_for_long_comes_back_by_itself(
    board: Board, sign_in: SignIn, page: Page, rest: httpx.Client, seconds: int
) -> None:
    network = Network(page)
    sign_in(board, PERSON)
    expect(page.locator('.pill')).to_contain_text('Live')
    page.evaluate('window.notReloaded = true')
    page.get_by_label('Customer').first.fill('Lena')
    expect(page).to_have_url(re.compile(r'\?q=Lena$'))
    page.get_by_label('Score from').fill('10')
    before = total(page)
    network.cut()
    cut = time.monotonic()
    expect(page.locator('.pill')).to_contain_text('Polling', timeout=60_000)
    post(rest, 0.5, customer_name=SECRET_CUSTOMER)
    page.wait_for_timeout(max(0, 1000 * (cut + seconds - time.monotonic())))
    expect(value(page, 'total_predictions')).to_have_text(str(before + 1))
    network.heal()
    expect(page.locator('.pill')).to_contain_text('Live', timeout=60_000)
    post(rest, 0.5, customer_name=SECRET_CUSTOMER)
    expect(value(page, 'total_predictions')).to_have_text(str(before + 2))
    expect(page.get_by_label('Customer').first).to_have_value('Lena')
    expect(page.get_by_label('Score from')).to_have_value('10')
    if seconds < 45:
        assert page.evaluate('window.notReloaded') is True, 'the server kept the page for a minute'


def test_a_network_that_lets_no_websocket_through_is_no_hindrance(
    board: Board, sign_in: SignIn, page: Page, rest: httpx.Client
) -> None:
    refused: list[str] = []

    def refuse(socket: WebSocketRoute) -> None:
        refused.append(socket.url)
        socket.close()

    page.route_web_socket('**/*', refuse)
    sign_in(board, PERSON)
    expect(page.locator('.pill')).to_contain_text('Live', timeout=60_000)
    assert refused, 'it was tried'
    before = total(page)
    post(rest, 0.6)
    expect(value(page, 'total_predictions')).to_have_text(str(before + 1))
    page.get_by_label('Customer').first.fill('Lena')
    expect(page).to_have_url(re.compile(r'\?q=Lena$'))
    assert page.evaluate('window.socket.io.engine.transport.name') == 'polling'


def test_a_tab_that_was_hidden_shows_the_latest_when_it_is_seen_again(person: Page, rest: httpx.Client) -> None:
    show(person, 'hidden')
    before = total(person)
    post(rest, 0.6)
    person.wait_for_timeout(1_000)
    show(person, 'visible')
    expect(value(person, 'total_predictions')).to_have_text(str(before + 1))
    expect(person.locator('.pill')).to_contain_text('Live')
    assert person.evaluate('window.notReloaded') is True


def test_a_tab_whose_link_was_cut_while_hidden_tries_at_once_when_it_is_seen_again(
    board: Board, sign_in: SignIn, page: Page, rest: httpx.Client
) -> None:
    network = Network(page)
    sign_in(board, PERSON)
    expect(page.locator('.pill')).to_contain_text('Live')
    show(page, 'hidden')
    network.cut()
    # the fourth try is eight seconds ahead, the fifth sixteen
    expect(page.locator('.retry')).to_contain_text(re.compile('[45] of 5, next in'), timeout=60_000)
    network.heal()
    show(page, 'visible')
    expect(page.locator('.pill')).to_contain_text('Live')


def show(page: Page, state: str) -> None:
    """As when another tab is brought in front: a browser without windows knows no such thing."""
    page.evaluate(
        """state => {
            Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state });
            Object.defineProperty(document, 'hidden', { configurable: true, get: () => state === 'hidden' });
            document.dispatchEvent(new Event('visibilitychange'));
        }""",
        state,
    )


def test_who_sits_down_after_somebody_else_sees_nothing_of_them(board: Board, person: Page, rest: httpx.Client) -> None:
    rest.patch('/api/customers/c3', json={'owner': 'Maria Lund'}).raise_for_status()
    for customer in ('c3', 'c4'):
        person.goto(f'{board.url}/customers/{customer}')
        expect(person.get_by_role('heading', name=SECRET_CUSTOMER)).to_be_visible()
        person.get_by_label('New note').fill(f'about {SECRET_CUSTOMER}')
    expect(person.locator('.pill')).to_contain_text('Live')
    person.get_by_label('Account').click()
    person.get_by_role('button', name='Sign out').click()
    expect(person).to_have_url(f'{board.url}/login')
    kept = person.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])')
    assert SECRET_CUSTOMER not in kept
    assert PERSON not in kept

    board.add_user(OTHER)
    enter(person, board, OTHER)
    expect(person.get_by_role('heading', name='No predictions yet')).to_be_visible()
    for _ in range(5):
        person.go_back()
        person.wait_for_timeout(500)
        shown = person.content()
        assert SECRET_CUSTOMER not in shown
        assert PERSON not in shown
    person.goto(f'{board.url}/customers/c3')
    expect(person.get_by_role('heading', name='There is no such customer')).to_be_visible()
    expect(person.get_by_label('Account')).to_be_visible()
    assert 'Maria Lund' not in person.content()
    kept = person.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }])')
    assert SECRET_CUSTOMER not in kept
    answer = person.request.get(f'{board.url}/api/live-data')
    assert answer.json()['data']['metrics']['total_predictions'] == 0


def test_a_session_that_ends_while_its_page_is_open_is_told_and_shows_no_more(tmp_path: Path, page: Page) -> None:
    board = Board(tmp_path, settings={'REFRESH_SECONDS': '1'})
    board.start()
    try:
        with board.rest(board.add_user(PERSON)) as rest:
            post(rest, 0.9, customer_name=SECRET_CUSTOMER)
            enter(page, board, PERSON)
            page.goto(f'{board.url}/?q=Lena')
            expect(page.locator('.pill')).to_contain_text('Live')
            with board.database() as database, database.engine.begin() as connection:
                connection.execute(text('UPDATE session SET expires_at = 1'))
            expect(page).to_have_url(re.compile(r'/login\?next='), timeout=60_000)
            assert SECRET_CUSTOMER not in page.content()
            page.go_back()
            page.wait_for_timeout(1_000)
            assert SECRET_CUSTOMER not in page.content()
            page.goto(f'{board.url}/login?next=/%3Fq%3DLena')
            page.get_by_label('E-mail').fill(PERSON)
            page.get_by_label('Password').fill(PASSWORD)
            page.get_by_role('button', name='Sign in').click()
            expect(page).to_have_url(re.compile(r'\?q=Lena$'))
            expect(page.get_by_text(SECRET_CUSTOMER).first).to_be_visible()
    finally:
        board.stop()


def test_a_hundred_beats_change_numbers_and_nothing_else(tmp_path: Path, page: Page) -> None:
    board = Board(tmp_path, settings={'REFRESH_SECONDS': '0.2'})
    board.start()
    try:
        with board.rest(board.add_user(PERSON)) as rest:
            for number in range(20):
                post(rest, 0.5, f'c{number}', customer_name=f'Firma {number}')
            enter(page, board, PERSON)
            expect(page.locator('.pill')).to_contain_text('Live')
            expect(page.locator('.at-risk .rows .row')).to_have_count(20)
            before = total(page)
            page.context.new_cdp_session(page).send('Emulation.setPageScaleFactor', {'pageScaleFactor': 1.5})
            page.evaluate(BEFORE_THE_BEATS)
            state = page.evaluate(STATE)
            assert state[0] == 300
            assert state[-1] == 1.5
            for beat in range(100):
                post(rest, beat / 100, f'c{beat % 20}')
                page.wait_for_timeout(100)
            expect(value(page, 'total_predictions')).to_have_text(str(before + 100))
            page.wait_for_function('window.beats >= 100', timeout=60_000)
            assert page.evaluate(STATE) == state
    finally:
        board.stop()


BEFORE_THE_BEATS = """
() => {
    window.scrollTo(0, 300);
    const field = document.querySelector('.filters input[type=search]');
    field.focus({ preventScroll: true });
    field.value = 'half a wo';
    field.setSelectionRange(2, 6);
    window.beats = 0;
    window.field = field;
    new MutationObserver(() => window.beats++).observe(
        document.querySelector('[data-connection]'), { attributeFilter: ['data-as-of'] });
}
"""
STATE = """
[window.scrollY, document.activeElement === window.field, window.field.isConnected, window.field.value,
 window.field.selectionStart, window.field.selectionEnd, document.querySelectorAll('.at-risk .rows .row').length,
 window.visualViewport.scale]
"""
