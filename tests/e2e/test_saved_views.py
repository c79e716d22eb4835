from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.board import Board
from tests.e2e.conftest import value

SignIn = Callable[[Board, str], Page]
ROWS = [
    {'customer_id': 'n1', 'customer_name': 'North One', 'churn_score': 0.9},
    {'customer_id': 'n2', 'customer_name': 'North Two', 'churn_score': 0.8},
    {'customer_id': 's1', 'customer_name': 'South', 'churn_score': 0.2},
]
LONG = 20_000


def start(board: Board, sign_in: SignIn, email: str) -> Page:
    with board.rest(board.add_user(email)) as rest:
        assert rest.post('/api/predictions', json=ROWS).status_code == 200
    page = sign_in(board, email)
    expect(value(page, 'total_predictions')).to_have_text('3', timeout=LONG)
    return page


def views(page: Page) -> Any:
    return page.locator('.views summary')


def save(page: Page, name: str) -> None:
    views(page).click()
    page.get_by_label('Save the present filters as').fill(name)
    page.keyboard.press('Enter')
    expect(page.locator('.status-note')).to_contain_text(f'“{name}” is saved.', timeout=LONG)
    expect(views(page)).to_be_focused(timeout=LONG)


def test_a_view_is_saved_opened_again_and_left_by_the_back_button(board: Board, sign_in: SignIn) -> None:
    page = start(board, sign_in, 'views-open@example.com')
    page.get_by_label('Customer').first.fill('north')
    expect(value(page, 'total_predictions')).to_have_text('2', timeout=LONG)
    save(page, 'Northern accounts')
    page.get_by_role('button', name='Reset').click()
    expect(value(page, 'total_predictions')).to_have_text('3', timeout=LONG)

    page.reload()
    views(page).click()
    page.get_by_role('link', name='Northern accounts').click(timeout=LONG)
    expect(page).to_have_url(f'{board.url}/?q=north', timeout=LONG)
    expect(page.get_by_label('Customer').first).to_have_value('north')
    expect(value(page, 'total_predictions')).to_have_text('2', timeout=LONG)
    expect(page.locator('.views .menu-panel')).to_be_hidden()

    page.go_back()
    expect(value(page, 'total_predictions')).to_have_text('3', timeout=LONG)
    expect(page.get_by_label('Customer').first).to_have_value('')


def test_a_view_is_deleted_and_brought_back_by_keyboard_alone(board: Board, sign_in: SignIn) -> None:
    page = start(board, sign_in, 'views-undo@example.com')
    save(page, 'Everything')
    page.keyboard.press('Enter')  # the focus is on what unfolds the menu
    expect(page.get_by_role('link', name='Everything')).to_have_attribute('aria-current', 'true', timeout=LONG)
    page.keyboard.press('Tab')
    page.keyboard.press('Tab')
    expect(page.get_by_role('button', name='Rename, replace or delete “Everything”')).to_be_focused()
    page.keyboard.press('Enter')
    delete = page.get_by_role('button', name='Delete', exact=True)
    expect(delete).to_be_visible(timeout=LONG)
    expect(page.get_by_label('Name', exact=True)).to_be_focused()
    for _ in range(3):
        page.keyboard.press('Tab')
    expect(delete).to_be_focused()
    page.keyboard.press('Enter')

    undo = page.get_by_role('button', name='Undo')
    expect(undo).to_be_focused(timeout=LONG)
    expect(page.get_by_role('status').filter(has_text='“Everything” is deleted.')).to_be_attached()
    page.keyboard.press('Enter')
    expect(page.get_by_role('status').filter(has_text='“Everything” is back.')).to_be_attached(timeout=LONG)
    expect(views(page)).to_be_focused(timeout=LONG)
    page.keyboard.press('Enter')
    expect(page.get_by_role('link', name='Everything')).to_be_visible(timeout=LONG)
    page.keyboard.press('Escape')
    expect(page.get_by_role('link', name='Everything')).to_be_hidden()
