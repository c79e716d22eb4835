"""One customer's page in a real Chromium: what is typed, where the focus is, and the way there and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.board import Board

SignIn = Callable[[Board, str], Page]
ERIN = 'erin-of-customers@example.com'
CUSTOMERS = 30


@pytest.fixture(scope='module')
def rest(board: Board) -> Iterator[httpx.Client]:
    """Erin has thirty customers; the riskiest has an id that has to be quoted."""
    with board.rest(board.add_user(ERIN)) as rest:
        rows = [
            {'customer_id': f'c{number:02}', 'churn_score': 0.3 + number / 100, 'customer_name': f'Firma {number:02}'}
            for number in range(CUSTOMERS - 1)
        ]
        score(rest, 0.8, '+Logins down')
        rest.post('/api/predictions', json=rows).raise_for_status()
        yield rest


ODD = 'a/b ?#%'
PATH = f'/customers/{quote(ODD, safe="")}'


def score(rest: httpx.Client, value: float, *reasons: str) -> None:
    row = {'customer_id': ODD, 'churn_score': value, 'customer_name': 'Fjord <b>& Co', 'reasons': reasons}
    rest.post('/api/predictions', json=[row]).raise_for_status()


@pytest.fixture
def erin(board: Board, rest: httpx.Client, sign_in: SignIn) -> Iterator[Page]:
    """Her board; whatever a test does, the browser's console stays clean."""
    page = sign_in(board, ERIN)
    problems: list[str] = []
    page.on('pageerror', lambda error: problems.append(str(error)))
    page.on('console', lambda message: problems.append(message.text) if message.type == 'error' else None)
    expect(page.locator('.at-risk .rows .row').first).to_be_visible()
    yield page
    assert [problem for problem in problems if '404' not in problem] == []


@pytest.fixture
def customer(erin: Page, board: Board) -> Page:
    erin.goto(board.url + PATH)
    expect(erin.get_by_role('heading', name='Fjord <b>& Co')).to_be_visible()
    expect(erin.locator('[data-connection]')).to_contain_text('Live')
    return erin


def risk(page: Page) -> Any:
    return page.locator('.customer-head .risk')


def new_note(page: Page) -> Any:
    return page.get_by_label('New note')


def test_a_new_score_is_painted_and_what_is_being_typed_stays(customer: Page, rest: httpx.Client) -> None:
    field = new_note(customer)
    field.click()
    customer.keyboard.type('Called Ana')
    customer.evaluate('document.activeElement.setSelectionRange(0, 6); window.scrollTo(0, 40); window.here = true')
    customer.get_by_role('button', name='Set', exact=True).evaluate('button => button.click()')  # by no pointer
    customer.get_by_label('Name; empty for nobody').fill('Maria, half typ')
    field.focus()
    for number, value in enumerate((0.91, 0.42, 0.77)):
        score(rest, value, '+Champion left')
        expect(risk(customer)).to_contain_text(f'{value:.0%}'.replace('%', ''), timeout=20_000)
        rest.patch(f'/api{PATH}', json={'owner': f'Somebody {number}'}).raise_for_status()
        rest.post(f'/api{PATH}/notes', json={'text': f'note {number} of another tab'}).raise_for_status()
        expect(customer.locator('.note-rows')).to_contain_text(f'note {number} of another tab')
        if number < 2:
            customer.wait_for_timeout(1_100)  # a stream of changes is shown once a second
    expect(field).to_have_value('Called Ana')
    expect(field).to_be_focused()
    expect(customer.get_by_label('Name; empty for nobody')).to_have_value('Maria, half typ')
    state = customer.evaluate('[document.activeElement.selectionEnd, window.scrollY, window.here]')
    assert state == [6, 40, True]
    customer.keyboard.press('End')
    customer.keyboard.type(' again')
    customer.keyboard.press('Control+Enter')
    expect(customer.locator('.note').first).to_contain_text('Called Ana again')
    expect(field).to_have_value('')
    expect(field).to_be_focused()


def test_what_is_typed_while_a_note_is_on_its_way_is_not_cleared(customer: Page) -> None:
    field = new_note(customer)
    field.fill('first')
    customer.evaluate(
        """() => {
            const form = document.querySelector('.form-add');
            form.requestSubmit();
            form.querySelector('textarea').value = 'second, half typ';
        }"""
    )
    expect(customer.locator('.note').first).to_contain_text('first')
    customer.wait_for_timeout(500)
    expect(field).to_have_value('second, half typ')


def test_a_note_that_was_begun_outlives_a_reload_and_belongs_to_who_began_it(
    customer: Page, board: Board, sign_in: SignIn
) -> None:
    new_note(customer).fill('begun')
    customer.reload()
    expect(new_note(customer)).to_have_value('begun')
    customer.get_by_role('button', name='Add note').click()
    expect(customer.locator('.note').first).to_contain_text('begun')
    customer.reload()
    expect(customer.locator('.note').first).to_contain_text('begun')
    expect(new_note(customer)).to_have_value('')

    new_note(customer).fill('of Erin alone')
    customer.locator('header summary').click()
    customer.get_by_role('button', name='Sign out').click()
    expect(customer).to_have_url(f'{board.url}/login')
    gina = 'gina-of-customers@example.com'
    with board.rest(board.add_user(gina)) as others:
        score(others, 0.5)
    sign_in(board, gina)
    customer.goto(board.url + PATH)
    expect(risk(customer)).to_contain_text('50')
    expect(new_note(customer)).to_have_value('')


def test_a_note_is_written_edited_and_deleted_by_keyboard_alone(customer: Page, rest: httpx.Client) -> None:
    keyboard = customer.keyboard
    for note in rest.get(f'/api{PATH}').json()['data']['notes']:
        rest.delete(f'/api/notes/{note["id"]}')
    expect(customer.locator('.note')).to_have_count(0)
    new_note(customer).focus()
    keyboard.type('Called Ana.')
    keyboard.press('Enter')
    keyboard.type('Friday <b>')
    keyboard.press('Tab')
    expect(customer.get_by_role('button', name='Add note')).to_be_focused()
    keyboard.press('Enter')
    note = customer.locator('.note').first
    expect(note.locator('.note-text')).to_have_text('Called Ana.\nFriday <b>', use_inner_text=True)
    expect(customer.get_by_role('status').filter(has_text='The note is kept.')).to_have_count(1)

    edit = note.get_by_role('button', name='Edit')
    edit.focus()
    keyboard.press('Enter')
    editor = note.get_by_role('textbox', name='Edit the note')
    expect(editor).to_be_focused()
    expect(editor).to_have_value('Called Ana.\nFriday <b>')
    keyboard.press('Control+End')
    keyboard.type(' at noon')
    keyboard.press('Control+Enter')
    expect(note.locator('.note-text')).to_contain_text('Friday <b> at noon')
    expect(edit).to_be_focused()

    keyboard.press('Tab')
    keyboard.press('Enter')
    dialog = customer.get_by_role('dialog')
    expect(dialog).to_contain_text('Delete this note?')
    keyboard.press('Escape')
    expect(dialog).to_have_count(0)
    expect(note.get_by_role('button', name='Delete')).to_be_focused()
    keyboard.press('Enter')
    dialog.get_by_role('button', name='Delete', exact=True).press('Enter')
    expect(customer.locator('.note')).to_have_count(0)
    expect(new_note(customer)).to_be_focused()


def test_an_owner_and_a_snooze_are_set_by_keyboard_and_shown_on_the_board(customer: Page, board: Board) -> None:
    keyboard = customer.keyboard
    customer.locator('.fact-owner .fact-change').focus()
    keyboard.press('Enter')
    expect(customer.get_by_label('Name; empty for nobody')).to_be_focused()
    keyboard.press('Control+A')
    keyboard.type('Maria Lund')
    keyboard.press('Enter')
    expect(customer.locator('.fact-owner')).to_contain_text('Maria Lund')
    expect(customer.locator('.fact-owner .fact-change')).to_be_focused()

    customer.get_by_role('button', name='Snooze', exact=True).press('Enter')
    customer.get_by_label('Why (optional)').fill('on holiday')
    keyboard.press('Enter')
    expect(customer.locator('.fact-snooze')).to_contain_text(re.compile(r'Snoozed until .*: on holiday'))
    customer.goto(board.url)
    expect(customer.locator('.panel-at-risk .panel-note')).to_contain_text('1 snoozed')
    expect(customer.locator('.at-risk')).not_to_contain_text('Fjord')
    customer.get_by_role('button', name='Show 1 snoozed').click()
    left_out = customer.get_by_role('table', name='Snoozed customers')
    expect(left_out).to_contain_text('on holiday')
    left_out.get_by_role('link', name='Fjord').click()
    customer.get_by_role('button', name='End snooze').click()
    expect(customer.locator('.fact-snooze')).to_contain_text('Listed as usual')


@pytest.mark.parametrize('way', ['link', 'browser'])
def test_the_way_back_leads_to_the_board_as_it_was(erin: Page, board: Board, way: str) -> None:
    erin.get_by_role('button', name='Medium').first.click()
    erin.get_by_label('Customer').first.fill('Firma')
    expect(erin).to_have_url(re.compile(r'\?risk=medium&q=Firma$'))
    expect(erin.locator('.at-risk .rows .row')).to_have_count(19)
    link = erin.locator('.at-risk a', has_text='Firma 14')
    link.focus()
    erin.evaluate('window.scrollBy(0, -37)')
    place = erin.evaluate('window.scrollY')
    assert place > 200
    erin.keyboard.press('Enter')
    expect(erin.get_by_role('heading', name='Firma 14')).to_be_visible()
    if way == 'link':
        erin.get_by_role('link', name='Back to the board').click()
    else:
        erin.go_back()
    expect(erin).to_have_url(f'{board.url}/?risk=medium&q=Firma')
    expect(erin.get_by_label('Customer').first).to_have_value('Firma')
    expect(erin.locator('.at-risk .rows .row')).to_have_count(19)
    expect(erin.locator('.at-risk a', has_text='Firma 14')).to_be_focused()
    assert erin.evaluate('window.scrollY') == place
    erin.get_by_role('button', name='Reset').click()
    expect(erin.get_by_label('Customer').first).to_have_value('')
    expect(erin).to_have_url(f'{board.url}/')


def test_a_customer_who_is_not_there_is_told_and_shown_as_soon_as_it_is(
    erin: Page, board: Board, rest: httpx.Client
) -> None:
    answer = erin.goto(f'{board.url}/customers/later')
    assert answer
    assert answer.status == 404
    expect(erin.get_by_role('heading', name='There is no such customer')).to_be_visible()
    rest.post('/api/predictions', json=[{'customer_id': 'later', 'churn_score': 0.2}]).raise_for_status()
    expect(erin.get_by_role('heading', name='later')).to_be_visible()
    expect(erin.locator('.panel-history .main-svg').first).to_be_visible(timeout=20_000)
    rest.delete('/api/customers/later').raise_for_status()
    expect(erin.get_by_role('heading', name='There is no such customer')).to_be_visible()


def test_customers_of_other_users_are_not_there(board: Board, rest: httpx.Client, sign_in: SignIn) -> None:
    email = 'frank-of-customers@example.com'
    board.add_user(email)
    page = sign_in(board, email)
    page.goto(board.url + PATH)
    expect(page.get_by_role('heading', name='There is no such customer')).to_be_visible()
    assert 'Fjord' not in page.content()


@pytest.mark.parametrize('customer_id', ['.', '..', '/', 'a//b/', '%2F', 'ä🦊', '<i>', '\'"', 'x' * 200])
def test_every_id_has_a_page_that_its_link_leads_to(
    erin: Page, board: Board, rest: httpx.Client, customer_id: str
) -> None:
    rest.post('/api/predictions', json=[{'customer_id': customer_id, 'churn_score': 1}]).raise_for_status()
    link = erin.locator('.at-risk a').first
    expect(link).to_have_text(customer_id)
    link.click()
    expect(erin.get_by_role('heading', name=customer_id, exact=True)).to_be_visible()
    new_note(erin).fill('kept')
    erin.get_by_role('button', name='Add note').click()
    expect(erin.locator('.note')).to_have_count(1)
    rest.delete(f'/api/customers/{quote(customer_id, safe="").replace(".", "%2E")}').raise_for_status()


@pytest.mark.parametrize('width', [320, 360, 768, 1440])
def test_nothing_is_wider_than_the_screen(customer: Page, rest: httpx.Client, width: int) -> None:
    rest.post(f'/api{PATH}/notes', json={'text': 'x' * 300}).raise_for_status()
    customer.set_viewport_size({'width': width, 'height': 800})
    expect(customer.locator('.note').first).to_be_visible()
    assert customer.evaluate('document.documentElement.scrollWidth') <= width
