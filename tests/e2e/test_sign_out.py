"""Signing out, in a real Chromium: nothing of who was here is left for who comes next."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from app.session_cookie import COOKIE
from tests.board import Board
from tests.e2e.conftest import enter

EMAIL = 'sol-of-signing-out@example.com'
LATE = 1_500  # milliseconds: by then the server has long told every page of the session that it ended


@pytest.fixture(scope='module')
def sol(board: Board) -> str:
    board.add_user(EMAIL)
    return EMAIL


def sign_out(page: Page) -> None:
    page.locator('header summary').click()
    page.get_by_role('button', name='Sign out').click()


def live(page: Page) -> Page:
    expect(page.locator('[data-connection]')).to_contain_text('Live')
    return page


def test_it_ends_at_a_sign_in_that_names_no_page_of_who_was_here(board: Board, page: Page, sol: str) -> None:
    enter(page, board, sol)
    page.goto(f'{board.url}/data')

    def answer_late(route: Route) -> None:
        answer = route.fetch(max_redirects=0)
        page.wait_for_timeout(LATE)
        route.fulfill(response=answer)

    page.route('**/logout', answer_late)
    sign_out(live(page))
    expect(page).to_have_url(f'{board.url}/login')
    assert [cookie for cookie in page.context.cookies() if cookie['name'] == COOKIE] == []


def test_it_ends_every_open_page_of_the_session(board: Board, page: Page, sol: str) -> None:
    enter(page, board, sol)
    other = page.context.new_page()
    other.goto(f'{board.url}/data')
    live(other)
    sign_out(live(page))
    expect(page).to_have_url(f'{board.url}/login')
    expect(other).to_have_url(f'{board.url}/login?next=/data')
    page.goto(board.url)
    expect(page).to_have_url(f'{board.url}/login')
