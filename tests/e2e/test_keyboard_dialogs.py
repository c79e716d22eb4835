"""The focus goes into each dialog, stays there while it is open, and comes back to what opened it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from services import users
from services.clock import system_clock
from services.predictions import Ingest
from services.scores import RiskBands
from services.workspace import fill
from tests.board import Board
from tests.e2e.conftest import enter
from tests.e2e.keyboard import Keyboard

SignIn = Callable[[Board, str], Page]
PERSON = 'dora-of-dialogs@example.com'
SAMPLER = 'sam-of-dialogs@example.com'


@pytest.fixture(scope='module')
def rest(board: Board) -> Iterator[httpx.Client]:
    with board.rest(board.add_user(PERSON)) as rest:
        rest.post('/api/predictions', json=[{'customer_id': 'c1', 'churn_score': 0.9}]).raise_for_status()
        rest.post('/api/customers/c1/notes', json={'text': 'Call them'}).raise_for_status()
        yield rest


@pytest.fixture
def person(board: Board, rest: httpx.Client, sign_in: SignIn) -> Page:
    return is_live(sign_in(board, PERSON))


@pytest.fixture
def keyboard(person: Page) -> Keyboard:
    return Keyboard(person)


def is_live(page: Page) -> Page:
    expect(page.locator('[data-connection]')).to_contain_text('Live')
    return page


def look_into(keyboard: Keyboard, opener: Locator) -> None:
    """Open it by key, go round in it, and leave it by Escape and by its button: each leads back to what opened it."""
    page = keyboard.page
    dialog = page.get_by_role('dialog')
    for leave in ('Escape', 'Cancel'):
        keyboard.use(opener, key='Enter' if leave == 'Escape' else 'Space')
        expect(dialog).to_be_visible()
        cancel = dialog.get_by_role('button', name='Cancel')
        expect(cancel).to_be_focused()
        keyboard.stays_in(dialog)
        if leave == 'Escape':
            keyboard.press('Escape')
        else:
            keyboard.use(cancel)
        expect(dialog).to_have_count(0)
        expect(opener).to_be_focused()
        keyboard.look()


def test_before_a_note_is_deleted(board: Board, person: Page, keyboard: Keyboard) -> None:
    person.goto(f'{board.url}/customers/c1')
    is_live(person)
    look_into(keyboard, person.get_by_role('button', name='Delete the note “Call them”'))


def test_before_a_source_is_undone(board: Board, person: Page, keyboard: Keyboard) -> None:
    person.goto(f'{board.url}/data')
    is_live(person)
    look_into(keyboard, person.get_by_role('button', name='Undo Sent by programs'))


def test_before_a_key_is_revoked(board: Board, person: Page, keyboard: Keyboard, rest: httpx.Client) -> None:
    person.goto(f'{board.url}/connect')
    is_live(person)
    keyboard.go_to(person.get_by_label('Name of a new key'))
    person.keyboard.type('nightly')
    person.keyboard.press('Enter')
    keyboard.use(person.get_by_role('button', name='I have stored it'))
    look_into(keyboard, person.get_by_role('button', name='Revoke nightly'))


def test_before_other_browsers_are_signed_out(board: Board, person: Page, keyboard: Keyboard, browser: Browser) -> None:
    other = browser.new_context()
    enter(other.new_page(), board, PERSON)
    person.goto(f'{board.url}/settings')
    is_live(person)
    look_into(keyboard, person.locator('.session-rows button').last)
    look_into(keyboard, person.get_by_role('button', name='Sign out everywhere else'))
    other.close()


def test_before_the_sample_is_removed(board: Board, page: Page, sign_in: SignIn) -> None:
    board.add_user(SAMPLER)
    with board.database() as database:
        with database.reading() as session:
            sampler = users.find(session, SAMPLER)
        assert sampler.id is not None
        fill(Ingest(database, clock=system_clock, bands=RiskBands()), sampler.id, zone='UTC', now=system_clock())
    keyboard = Keyboard(is_live(sign_in(board, SAMPLER)))
    remove = page.get_by_role('button', name='Remove sample data')
    look_into(keyboard, remove)
    keyboard.use(remove)
    keyboard.use(page.get_by_role('dialog').get_by_role('button', name='Remove', exact=True))
    expect(page.get_by_role('dialog')).to_have_count(0)
    expect(remove).to_be_hidden()
    keyboard.look()


def test_the_palette_and_the_list_of_keys(person: Page, keyboard: Keyboard) -> None:
    search = person.get_by_role('button', name='Search', exact=True)
    keyboard.use(search)
    palette = person.get_by_role('dialog', name='Search and commands')
    expect(palette.get_by_role('combobox')).to_be_focused()
    keyboard.stays_in(palette)
    keyboard.press('Escape')
    expect(search).to_be_focused()
    keyboard.press('?')
    keys = person.get_by_role('dialog', name='Keys')
    expect(keys.get_by_role('button', name='Close')).to_be_focused()
    keyboard.stays_in(keys)
    keyboard.press('Enter')
    expect(search).to_be_focused()
    keyboard.look()
