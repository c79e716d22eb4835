"""The way of a file as its owner has it: drop it, say what its columns hold, see it on the board, take it back."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.board import Board
from tests.e2e.conftest import now, value

SignIn = Callable[[Board, str], Page]
FRANK = 'frank@example.com'

DROP = """
(zone, [name, text]) => {
    const files = new DataTransfer();
    files.items.add(new File([text], name, { type: 'text/csv' }));
    for (const type of ['dragover', 'drop']) {
        zone.dispatchEvent(new DragEvent(type, { dataTransfer: files, bubbles: true, cancelable: true }));
    }
}
"""


@pytest.fixture
def data_page(board: Board, sign_in: SignIn) -> Page:
    """Frank's page, of an account that has nothing yet."""
    board.add_user(FRANK)
    page = sign_in(board, FRANK)
    page.get_by_role('link', name='Data', exact=True).click()
    expect(page.locator('[data-connection]')).to_contain_text('Live')
    return page


def drop(page: Page, name: str, lines: list[str]) -> None:
    page.locator('[data-drop]').evaluate(DROP, [name, '\n'.join(lines) + '\n'])


def test_a_dropped_file_is_mapped_corrected_taken_and_undone(board: Board, data_page: Page) -> None:
    page = data_page
    problems: list[str] = []
    page.on('pageerror', lambda error: problems.append(str(error)))
    rows = [f'K-{number},Grün <b>& Co {number},0.{number}5,gut,{now()}' for number in range(1, 10)]
    drop(page, 'wöchentlich.csv', ['Kunde,Bezeichnung,Abwanderung,Notiz,Wann', *rows, 'K-10,Blau,hoch,gut,'])

    card = page.locator('[data-upload]')
    expect(card.get_by_role('heading', name='wöchentlich.csv')).to_be_focused()
    expect(card.get_by_text('Grün <b>& Co 1')).to_be_visible()
    expect(card.get_by_text('Choose which columns hold the customer id and the churn score.')).to_be_visible()
    for column, field in (('Kunde', 'Customer id'), ('Abwanderung', 'Churn score'), ('Wann', 'Scored at')):
        card.get_by_label(f'What “{column}” holds').select_option(field)
    card.get_by_text('3 columns are used, 2 ignored.').wait_for()
    page.set_viewport_size({'width': 320, 'height': 700})
    assert page.evaluate('document.documentElement.scrollWidth') <= 320
    card.get_by_role('button', name='Take in').press('Enter')

    expect(card.get_by_text('Nothing was taken: 1 row is not valid')).to_be_visible()
    expect(card.get_by_role('row', name=re.compile('11 churn_score hoch'))).to_be_visible()
    card.get_by_role('button', name='Take the 9 good rows only').press('Enter')
    expect(card.get_by_text('9 rows taken, 0 corrected, 0 duplicates, 1 rejected')).to_be_visible()
    expect(card.get_by_role('heading', name='wöchentlich.csv')).to_be_focused()  # the button that had it is gone
    expect(page.locator('.panel-sources .rows .row')).to_contain_text('wöchentlich.csv')
    assert page.evaluate('document.documentElement.scrollWidth') <= 320
    page.set_viewport_size({'width': 1280, 'height': 720})

    card.get_by_role('link', name='See the board').click()
    expect(value(page, 'total_predictions')).to_have_text('9')

    page.get_by_role('link', name='Data', exact=True).click()
    page.get_by_role('button', name='Undo wöchentlich.csv').click()
    expect(page.get_by_text('This removes its 9 predictions.')).to_be_visible()
    page.get_by_role('button', name='Undo', exact=True).click()
    expect(page.locator('.status-note')).to_contain_text('wöchentlich.csv is undone: 9 predictions removed.')
    page.get_by_role('link', name='Board', exact=True).click()
    expect(page.get_by_text('No predictions yet')).to_be_visible()
    assert problems == []
