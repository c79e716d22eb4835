"""Customers, programs and settings without a pointer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.accounts import PASSWORD
from tests.board import Board
from tests.e2e.conftest import enter
from tests.e2e.keyboard import Keyboard, button

SignIn = Callable[[Board, str], Page]
PERSON = 'wim-of-keyboards@example.com'
SETTER = 'set-of-keyboards@example.com'


@pytest.fixture(scope='module')
def rest(board: Board) -> Iterator[httpx.Client]:
    with board.rest(board.add_user(PERSON)) as rest:
        for score in (0.4, 0.9):
            rest.post('/api/predictions', json=[{'customer_id': 'c1', 'churn_score': score}]).raise_for_status()
        yield rest


@pytest.fixture
def person(board: Board, rest: httpx.Client, sign_in: SignIn) -> Page:
    return sign_in(board, PERSON)


@pytest.fixture
def keyboard(person: Page) -> Keyboard:
    return Keyboard(person)


def open_page(board: Board, page: Page, path: str) -> None:
    page.goto(board.url + path)
    expect(page.locator('[data-connection]')).to_contain_text('Live')


def test_a_customer_is_given_an_owner_a_snooze_and_notes(board: Board, person: Page, keyboard: Keyboard) -> None:
    open_page(board, person, '/customers/c1')
    owner, snooze = person.locator('.fact-owner'), person.locator('.fact-snooze')
    keyboard.use(owner.get_by_role('button', name='Set'))
    expect(person.get_by_label('Name; empty for nobody')).to_be_focused()
    keyboard.use(owner.get_by_role('button', name='Cancel'))
    expect(owner.get_by_role('button', name='Set')).to_be_focused()
    keyboard.press('Enter')
    expect(person.get_by_label('Name; empty for nobody')).to_be_focused()
    person.keyboard.type('Maria')
    person.keyboard.press('Enter')
    expect(owner.get_by_role('button', name='Change')).to_be_focused()
    keyboard.use(snooze.get_by_role('button', name='Snooze'))
    expect(person.get_by_label('Leave out until')).to_be_focused()
    keyboard.go_to(person.get_by_label('Why (optional)'))
    keyboard.use(snooze.get_by_role('button', name='Snooze'))
    keyboard.use(snooze.get_by_role('button', name='End snooze'))
    expect(snooze).to_contain_text('Listed as usual')
    expect(snooze.get_by_role('button', name='Snooze')).to_be_focused()

    keyboard.go_to(person.get_by_label('New note'))
    person.keyboard.type('By keys')
    keyboard.use(button(person, 'Add note'))
    keyboard.use(button(person, 'Edit the note “By keys”'))
    expect(person.get_by_role('textbox', name='Edit the note')).to_be_focused()
    keyboard.use(person.locator('.form-edit').get_by_role('button', name='Cancel'))
    expect(button(person, 'Edit the note “By keys”')).to_be_focused()
    keyboard.use(button(person, 'Delete the note “By keys”'))
    keyboard.use(person.get_by_role('dialog').get_by_role('button', name='Delete', exact=True))
    expect(person.get_by_label('New note')).to_be_focused()
    keyboard.look()
    keyboard.use(person.locator('.chart').get_by_role('button', name='Show as table'))
    keyboard.go_to(person.locator('.chart').get_by_role('region'))


def test_a_token_is_fetched_shown_copied_and_renewed(board: Board, person: Page, keyboard: Keyboard) -> None:
    open_page(board, person, '/connect')
    keyboard.use(button(person, 'Get a token'))
    expect(button(person, 'Reveal')).to_be_focused()
    keyboard.press('Space')
    expect(button(person, 'Hide')).to_be_focused()
    keyboard.use(button(person, 'Copy the token'))
    expect(button(person, 'Copy the token')).to_be_focused()
    keyboard.use(button(person, 'Renew'))
    expect(button(person, 'Hide')).to_be_focused()
    keyboard.press('Enter')
    keyboard.go_to(person.get_by_role('tab').first)
    keyboard.press('End')
    expect(person.get_by_role('tab').last).to_have_attribute('aria-selected', 'true')
    keyboard.press('Tab')
    expect(person.locator('[data-copy-snippet]:focus')).to_have_count(1)
    keyboard.press('Enter', 'Tab')
    expect(person.locator('[data-snippet]:focus')).to_have_count(1)


def test_a_key_is_made_and_revoked(board: Board, person: Page, keyboard: Keyboard) -> None:
    open_page(board, person, '/connect')
    heading = person.get_by_role('heading', name='API keys')
    keyboard.go_to(person.get_by_label('Name of a new key'))
    person.keyboard.type('by keys')
    keyboard.press('Tab', 'ArrowDown')
    keyboard.use(button(person, 'Make a key'))
    expect(button(person, 'Copy the key')).to_be_focused()
    keyboard.press('Enter')
    keyboard.use(button(person, 'I have stored it'))
    expect(heading).to_be_focused()
    keyboard.use(button(person, 'Revoke by keys'))
    keyboard.use(person.get_by_role('dialog').get_by_role('button', name='Revoke', exact=True))
    expect(person.get_by_role('dialog')).to_have_count(0)
    expect(heading).to_be_focused()
    keyboard.look()


def test_everything_is_set_and_other_browsers_are_signed_out(board: Board, page: Page, browser: Browser) -> None:
    board.add_user(SETTER)
    page.goto(f'{board.url}/login')
    expect(page.get_by_label('E-mail')).to_be_focused()
    page.keyboard.type(SETTER)
    page.keyboard.press('Tab')
    page.keyboard.type('wrong')
    page.keyboard.press('Enter')
    expect(page.get_by_role('alert')).to_be_visible()
    expect(page.get_by_label('Password')).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press('Tab')
    page.keyboard.press('Space')
    expect(page).to_have_url(f'{board.url}/')
    other = browser.new_context()
    enter(other.new_page(), board, SETTER)
    open_page(board, page, '/settings')
    keyboard = Keyboard(page)

    keyboard.go_to(page.get_by_label('Name', exact=True))
    page.keyboard.type('Sette')
    keyboard.use(button(page, 'Save profile'))
    expect(page.get_by_text('Saved. Your name is Sette.')).to_be_visible()
    keyboard.look()
    keyboard.go_to(page.get_by_role('combobox', name='Time zone'))
    page.keyboard.type('Asia/Tokyo')
    keyboard.use(page.locator('[data-zone-here]'))
    expect(page.get_by_role('combobox', name='Time zone')).to_be_focused()
    page.keyboard.type('Asia/Tokyo')
    keyboard.use(button(page, 'Save time zone'))
    expect(page.get_by_text(re.compile('^Saved. Days|^Saved.$'))).to_be_visible()
    keyboard.look()
    for choice in ('theme .choice-dark', 'rate .choice-15', 'shortcuts .choice-off'):
        keyboard.use(page.locator(f'.choice-{choice}'), key='Space')
        expect(page.locator(f'.choice-{choice}')).to_have_attribute('aria-pressed', 'true')
        expect(page.locator(f'.choice-{choice}')).to_be_focused()
    keyboard.go_to(page.get_by_label('Numbers and dates'), key='Shift+Tab')
    page.keyboard.press('End')
    expect(page.get_by_text(re.compile('^Kept: '))).to_be_visible()
    keyboard.look()

    keyboard.go_to(page.get_by_label('Current password'))
    page.keyboard.type('wrong')
    keyboard.use(page.get_by_label('Show the passwords'), key='Space')
    keyboard.use(button(page, 'Change password'))
    expect(page.locator('[aria-invalid="true"]').first).to_be_focused()
    keyboard.look()

    keyboard.use(button(page, 'Sign out everywhere else'))
    keyboard.use(page.get_by_role('dialog').get_by_role('button', name='Sign out', exact=True))
    expect(page.get_by_role('dialog')).to_have_count(0)
    expect(page.get_by_role('heading', name='Where you are signed in')).to_be_focused()
    keyboard.look()
    other.close()
