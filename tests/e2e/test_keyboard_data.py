"""Files without a pointer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.board import Board
from tests.e2e.keyboard import Keyboard, button

SignIn = Callable[[Board, str], Page]
PERSON = 'dan-of-keyboards@example.com'


@pytest.fixture(scope='module')
def rest(board: Board) -> Iterator[httpx.Client]:
    with board.rest(board.add_user(PERSON)) as rest:
        for score in (0.4, 0.9):
            rest.post('/api/predictions', json=[{'customer_id': 'c1', 'churn_score': score}]).raise_for_status()
        yield rest


@pytest.fixture
def person(board: Board, rest: httpx.Client, sign_in: SignIn) -> Page:
    page = sign_in(board, PERSON)
    # from now on choosers are told: one that opens as somebody begins to wait for it is closed by the browser unseen
    page.on('filechooser', lambda _chooser: None)
    return page


@pytest.fixture
def keyboard(person: Page) -> Keyboard:
    return Keyboard(person)


def open_page(board: Board, page: Page, path: str) -> None:
    page.goto(board.url + path)
    expect(page.locator('[data-connection]')).to_contain_text('Live')


def choose_file(keyboard: Keyboard, name: str, rows: bytes) -> None:
    page = keyboard.page
    keyboard.go_to(page.locator('input[type=file]').first)
    with page.expect_file_chooser() as chooser:
        page.keyboard.press('Space')
    chooser.value.set_files({'name': name, 'mimeType': 'text/csv', 'buffer': rows})
    expect(page.locator('[data-upload]').get_by_role('heading', name=name)).to_be_focused()


def test_a_file_is_brought_in_and_undone(board: Board, person: Page, keyboard: Keyboard) -> None:
    open_page(board, person, '/data')
    choose_file(keyboard, 'by-keys.csv', b'customer_id,churn_score\nk1,0.5\nk2,0.6\n')
    card = person.locator('[data-upload]')
    keyboard.use(card.get_by_role('button', name='Take in'))
    expect(card.get_by_text('2 rows taken')).to_be_visible()
    keyboard.look()
    keyboard.use(card.get_by_role('button', name='Close'))
    expect(card).to_have_count(0)
    keyboard.look()
    keyboard.use(button(person, 'Undo by-keys.csv'))
    dialog = person.get_by_role('dialog')
    keyboard.use(dialog.get_by_role('button', name='Undo', exact=True))
    expect(dialog).to_have_count(0)
    expect(person.locator('.status-note')).to_contain_text('is undone')
    keyboard.look()


def test_columns_are_named_bad_rows_left_out_and_a_file_put_away(
    board: Board, person: Page, keyboard: Keyboard
) -> None:
    open_page(board, person, '/data')
    choose_file(keyboard, 'columns.csv', b'who,how much\nk3,0.5\nk4,high\n')
    card = person.locator('[data-upload]')
    for column, field in (('who', 'Customer id'), ('how much', 'Churn score')):
        keyboard.go_to(card.get_by_label(f'What “{column}” holds'))
        person.keyboard.type(field)
        expect(card.get_by_label(f'What “{column}” holds').locator('option:checked')).to_have_text(field)
    expect(card.get_by_text('All columns are used.')).to_be_visible()
    keyboard.use(card.get_by_role('button', name='Take in'))
    good = card.get_by_role('button', name='Take the 1 good row only')
    expect(good).to_be_visible()
    keyboard.look()
    keyboard.use(card.get_by_text('What each column holds'), key='Space')
    expect(card.get_by_role('region')).to_be_visible()
    keyboard.use(good)
    expect(card.get_by_text('1 row taken')).to_be_visible()
    expect(card.get_by_role('heading', name='columns.csv')).to_be_focused()
    keyboard.use(card.get_by_role('button', name='Close'))
    expect(card).to_have_count(0)
    keyboard.look()
    choose_file(keyboard, 'never.csv', b'customer_id,churn_score\nk5,0.5\n')
    keyboard.use(card.get_by_role('button', name='Cancel'))
    expect(card).to_have_count(0)
    keyboard.look()
