"""The connect page in a real Chromium: a token only when it is asked for, and programs that run as they stand."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.accounts import PASSWORD
from tests.board import Board
from tests.e2e.programs import output, run_javascript

TOKEN = re.compile(r'eyJ[\w-]+\.[\w-]+\.[\w-]+')
KEY = re.compile(r'cbk_[\w-]{43}')
EMAIL = 'cora-who-connects@example.com'


@pytest.fixture(scope='module')
def email(board: Board) -> str:
    board.add_user(EMAIL)
    return EMAIL


@pytest.fixture
def connect(board: Board, page: Page, sign_in: Callable[[Board, str], Page], email: str) -> Page:
    """Cora in front of the page."""
    sign_in(board, email)
    page.goto(f'{board.url}/connect')
    expect(button(page, 'Get a token')).to_be_visible()
    return page


def button(page: Page, name: str) -> Any:
    return page.get_by_role('button', name=name, exact=True)


def get_token(page: Page, *, reveal: bool = True) -> str:
    """Ask for a token; what is shown of it."""
    button(page, 'Get a token').click()
    expect(button(page, 'Reveal')).to_be_visible()
    if reveal:
        button(page, 'Reveal').click()
    return str(page.locator('.token-value').text_content())


def program(page: Page, name: str) -> str:
    return str(page.locator(f'[data-name="{name}"]').text_content())


def test_the_token_is_nowhere_before_it_is_asked_for_and_in_no_log_after(
    board: Board, page: Page, sign_in: Callable[[Board, str], Page], email: str
) -> None:
    sign_in(board, email)
    asked: list[str] = []
    page.on('request', lambda request: asked.append(request.url))
    html = page.goto(f'{board.url}/connect').text()  # type: ignore[union-attr]
    expect(button(page, 'Get a token')).to_be_visible()
    assert not TOKEN.search(html + page.content())
    assert not any('/api/session' in url for url in asked)
    token = get_token(page)
    assert TOKEN.fullmatch(token)
    assert not any(token in url for url in asked)
    assert token not in board.log


def test_it_is_shown_when_somebody_wants_to_see_it_and_copied_either_way(connect: Page, board: Board) -> None:
    connect.context.grant_permissions(['clipboard-read', 'clipboard-write'])
    assert not TOKEN.search(get_token(connect, reveal=False))
    assert not TOKEN.search(connect.content())
    connect.get_by_role('button', name='Copy Read the numbers').click()
    expect(connect.get_by_text('Copied', exact=True)).to_be_visible()
    copied = connect.evaluate('navigator.clipboard.readText()')
    token = TOKEN.search(copied)
    assert token
    button(connect, 'Reveal').click()
    assert program(connect, 'curl-read') == copied
    button(connect, 'Hide').click()
    assert token[0] not in connect.content()


def test_a_token_can_be_renewed(connect: Page) -> None:
    first = get_token(connect)
    button(connect, 'Renew').click()
    expect(connect.locator('.token-value')).not_to_have_text(first)
    expect(connect.locator('.token-note')).to_have_text('It ends in 60 min, or when you sign out.')


def test_the_curl_commands_run_as_they_stand(connect: Page) -> None:
    get_token(connect)
    sent = output('bash', '-c', program(connect, 'curl-send'), until='}}')
    assert json.loads(sent)['data']['accepted'] == 1
    read = output('bash', '-c', program(connect, 'curl-read'), until='}}')
    assert json.loads(read)['data']['metrics']['total_predictions'] > 0
    issued = output('bash', '-c', program(connect, 'curl-token'), until='}', text=f'{PASSWORD}\n')
    assert TOKEN.search(issued), issued


def test_the_python_program_follows_the_board_as_it_stands(connect: Page) -> None:
    get_token(connect)
    connect.get_by_role('tab', name='Python').click()
    said = output(sys.executable, '-u', '-c', program(connect, 'python-socketio'), until='are high risk')
    assert f'success Signed in as {EMAIL}.' in said
    assert 'predictions are high risk' in said


def test_the_javascript_program_follows_the_board_as_it_stands(connect: Page, board: Board) -> None:
    """With the official client; Chromium takes the part of node, for which it may not be installed."""
    get_token(connect)
    code = program(connect, 'javascript')
    with connect.expect_console_message(lambda message: 'are high risk' in message.text, timeout=20_000) as update:
        run_javascript(connect, board, code)
    assert re.search(r'\d+ of \d+ predictions are high risk', update.value.text)


def answer(status: int, body: dict[str, Any], **headers: str) -> Callable[[Route], None]:
    return lambda route: route.fulfill(status=status, body=json.dumps(body), headers=headers)


@pytest.mark.parametrize(
    ('status', 'headers', 'words'),
    [
        (401, {}, 'You are signed out.'),
        (429, {'Retry-After': '30'}, 'Try again in 30 s.'),
        (503, {}, 'The database does not answer.'),
        (None, {}, 'The server cannot be reached.'),
    ],
)
def test_it_says_why_there_is_no_token(connect: Page, status: int | None, headers: dict[str, str], words: str) -> None:
    body = {'success': False, 'error': {'code': 'x', 'message': 'The database does not answer.'}}
    connect.route('**/api/session', answer(status, body, **headers) if status else lambda route: route.abort())
    button(connect, 'Get a token').click()
    expect(connect.locator('.token-note')).to_contain_text(words)
    assert connect.get_by_role('link', name='Sign in').is_visible() == (status == 401)
    connect.unroute('**/api/session')
    if status in (503, None):
        button(connect, 'Try again').click()
        expect(button(connect, 'Reveal')).to_be_visible()


def test_a_token_that_ends_is_taken_out_of_the_programs(connect: Page, board: Board) -> None:
    data = {'access_token': 'eyJa.b.c', 'expires_in': 2}
    connect.route('**/api/session', answer(200, {'success': True, 'data': data}))
    assert get_token(connect) == 'eyJa.b.c'
    assert 'eyJa.b.c' in program(connect, 'curl-read')
    expect(connect.locator('.token-note')).to_contain_text('Renew it to go on.')
    expect(button(connect, 'Get a new token')).to_be_visible(timeout=20_000)
    assert 'YOUR_TOKEN' in program(connect, 'curl-read')


def test_a_renewal_that_fails_leaves_the_token(connect: Page) -> None:
    token = get_token(connect)
    connect.route('**/api/session', lambda route: route.abort())
    button(connect, 'Renew').click()
    expect(connect.locator('.token-note')).to_contain_text('The present token holds')
    assert connect.locator('.token-value').text_content() == token


def test_a_token_that_comes_takes_nobody_away_from_what_they_do_meanwhile(connect: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    connect.route('**/api/session', hold)
    button(connect, 'Get a token').click()
    expect(connect.locator('.token-note')).to_have_text('Getting a token…')
    tab = connect.get_by_role('tab', name='Python')
    tab.click()
    held[0].continue_()
    expect(button(connect, 'Reveal')).to_be_visible()
    expect(tab).to_be_focused()


def test_who_is_signed_out_meanwhile_is_at_the_way_back_in(connect: Page) -> None:
    connect.route('**/api/session', lambda route: route.fulfill(status=401, json={'success': False}))
    button(connect, 'Get a token').press('Enter')
    expect(connect.locator('[data-token-card]').get_by_role('link', name='Sign in')).to_be_focused()


def test_the_tabs_are_moved_through_by_keyboard(connect: Page) -> None:
    connect.get_by_role('tab', name='curl').focus()
    for key, tab in (
        ('ArrowRight', 'Python'),
        ('End', 'JavaScript'),
        ('ArrowRight', 'curl'),
        ('ArrowLeft', 'JavaScript'),
    ):
        connect.keyboard.press(key)
        expect(connect.get_by_role('tab', name=tab)).to_be_focused()
        expect(connect.get_by_role('tabpanel')).to_have_count(1)
        expect(connect.get_by_role('tabpanel', name=tab)).to_be_visible()


def test_a_key_is_made_shown_once_used_and_revoked_by_keyboard_alone(connect: Page, board: Board) -> None:
    connect.context.grant_permissions(['clipboard-read', 'clipboard-write'])
    panel, keyboard = connect.locator('.panel-keys'), connect.keyboard
    assert not KEY.search(connect.content())
    panel.get_by_label('Name of a new key').focus()
    keyboard.type('wall screen')
    keyboard.press('Tab')
    expect(panel.get_by_role('radio', name='Read: the numbers')).to_be_focused()
    keyboard.press('Enter')

    shown = panel.locator('[data-new-key]')
    expect(button(connect, 'Copy the key')).to_be_focused()
    key = str(shown.text_content())
    assert KEY.fullmatch(key)
    keyboard.press('Enter')
    expect(panel.get_by_text('Copied', exact=True)).to_be_visible()
    assert connect.evaluate('navigator.clipboard.readText()') == key
    connect.set_viewport_size({'width': 320, 'height': 700})
    assert connect.evaluate('document.documentElement.scrollWidth') == 320
    keyboard.press('Tab')
    expect(button(connect, 'I have stored it')).to_be_focused()
    keyboard.press('Enter')
    expect(shown).to_have_count(0)
    expect(panel.get_by_role('heading', name='API keys')).to_be_focused()
    elements = connect.evaluate("JSON.stringify(document.querySelector('#app')._vnode.component.proxy.elements)")
    assert 'I have stored' not in elements
    assert 'Make a key' in elements, 'what the page is drawn from'
    assert key not in elements + connect.content()

    read = httpx.get(f'{board.url}/api/live-data', headers={'Authorization': f'Bearer {key}'})
    assert read.status_code == 200
    row = panel.get_by_role('row', name='wall screen')
    revoke = button(connect, 'Revoke wall screen')
    revoke.focus()
    keyboard.press('Enter')
    dialog = connect.get_by_role('dialog', name='Revoke the key “wall screen”?')
    expect(dialog).to_be_visible()
    keyboard.press('Escape')
    expect(dialog).to_have_count(0)
    expect(revoke).to_be_focused()
    keyboard.press('Enter')
    dialog.get_by_role('button', name='Revoke', exact=True).press('Enter')
    expect(row.get_by_text('Revoked', exact=True)).to_be_visible()
    expect(row.locator('.cell-used time')).to_have_text(re.compile('just now|ago'), timeout=20_000)
    expect(panel.get_by_role('heading', name='API keys')).to_be_focused()
    refused = httpx.get(f'{board.url}/api/live-data', headers={'Authorization': f'Bearer {key}'})
    assert refused.status_code == 401
    assert key not in board.log
    connect.reload()
    expect(row).to_be_visible()
    assert key not in connect.content()


def test_what_was_typed_is_still_there_after_it_was_refused_and_gone_after_it_was_taken(connect: Page) -> None:
    name, scope = connect.get_by_label('Name of a new key'), connect.get_by_role('radio', name='Send: predictions')

    def make() -> None:
        name.fill('nightly scores')
        connect.get_by_text('Send: predictions and files', exact=True).first.click()
        button(connect, 'Make a key').click()

    make()
    expect(connect.locator('[data-new-key]')).to_have_text(KEY)
    connect.evaluate("dispatchEvent(new Event('pagehide'))")  # who comes back by the history sees it no more
    expect(connect.locator('[data-new-key]')).to_be_empty()
    button(connect, 'I have stored it').click()
    expect(name).to_be_empty()
    make()
    expect(connect.get_by_text('There is a key of this name already.')).to_be_visible()
    expect(name).to_have_value('nightly scores')
    expect(scope).to_be_checked()


def test_the_protocol_is_one_link_away_and_fits_a_phone(connect: Page, board: Board) -> None:
    connect.set_viewport_size({'width': 320, 'height': 700})
    assert connect.evaluate('document.documentElement.scrollWidth') == 320
    connect.get_by_role('link', name='Live protocol').click()
    expect(connect).to_have_url(f'{board.url}/api/asyncapi')
    connect.wait_for_load_state()  # its style sheet, too
    assert connect.evaluate('document.documentElement.scrollWidth') == 320
    expect(connect.get_by_role('heading', name='dashboard_changes')).to_be_visible()
    cookies = {cookie['name']: cookie['value'] for cookie in connect.context.cookies()}
    served = httpx.get(f'{board.url}/api/asyncapi.json', cookies=cookies)
    assert served.json()['servers']['churnboard']['host'] == board.url.removeprefix('http://')
