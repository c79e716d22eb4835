"""The list of customers at risk and what changed since the last visit, in a real browser."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.board import Board
from tests.e2e.visits import an_hour_ago

SignIn = Callable[[Board, str], Page]
PATIENT = 20_000


@pytest.fixture(scope='module')
def reader(board: Board) -> str:
    """With 45 customers, who were scored a week ago and today: the lower the score, the larger the rise."""
    email = 'rita-of-risks@example.com'
    token = board.add_user(email)
    week_ago = (datetime.now(UTC) - timedelta(days=9)).isoformat()
    customers = range(45)
    post(board, token, *((f'c{n:02}', 0.5 - n / 100, week_ago) for n in customers))
    post(board, token, *((f'c{n:02}', 0.9 - n / 200, None) for n in customers), value=1000)
    return email


def post(board: Board, token: str, *rows: tuple[str, float, str | None], value: float | None = None) -> None:
    data = [
        {'customer_id': customer, 'churn_score': score, 'predicted_at': at, 'account_value': value}
        for customer, score, at in rows
    ]
    sent = [{key: given for key, given in row.items() if given is not None} for row in data]
    with board.rest(token) as rest:
        answer = rest.post('/api/predictions', json=sent)
        assert answer.status_code == 200, answer.text


def is_live(page: Page) -> None:
    expect(page.locator('.pill')).to_contain_text('Live', timeout=PATIENT)


def test_the_list_is_sorted_and_read_page_by_page(board: Board, sign_in: SignIn, page: Page, reader: str) -> None:
    sign_in(board, reader)
    is_live(page)
    rows, panel = page.locator('.at-risk .rows .row'), page.locator('.panel-at-risk')
    expect(rows.first).to_contain_text('c00')
    expect(rows.first).to_contain_text('+40 points')
    expect(panel.locator('.panel-note')).to_have_text('41 customers at high risk, 41,000 in account value')
    page.get_by_role('button', name='7-day change').click()
    expect(rows.first).to_contain_text('c44', timeout=PATIENT)
    page.get_by_role('button', name='Next').click()
    expect(panel).to_contain_text('21–40 of 45', timeout=PATIENT)
    expect(rows.first).to_contain_text('c24')
    page.get_by_role('button', name='Next').press('Enter')
    expect(panel).to_contain_text('41–45 of 45', timeout=PATIENT)
    expect(rows).to_have_count(5)
    page.get_by_role('button', name='Previous').click()
    expect(rows).to_have_count(20, timeout=PATIENT)


def test_where_the_reader_is_in_the_list_can_be_shared_and_gone_back_to(
    board: Board, sign_in: SignIn, page: Page, reader: str
) -> None:
    sign_in(board, reader)
    is_live(page)
    first, panel = page.locator('.at-risk .rows .row').first, page.locator('.panel-at-risk')
    page.get_by_role('button', name='7-day change').click()
    expect(page).to_have_url(f'{board.url}/?sort=change')
    page.get_by_role('button', name='Next').click()
    expect(page).to_have_url(f'{board.url}/?sort=change&page=2')
    expect(first).to_contain_text('c24')
    page.reload()
    expect(panel).to_contain_text('21–40 of 45')
    expect(first).to_contain_text('c24')
    is_live(page)
    page.go_back()
    expect(first).to_contain_text('c44')
    page.go_back()
    expect(first).to_contain_text('c00')
    page.go_forward()
    expect(first).to_contain_text('c44')
    page.goto(f'{board.url}/?sort=change&page=77')
    expect(first).to_contain_text('c44')
    expect(page).to_have_url(f'{board.url}/?sort=change')
    page.get_by_role('button', name='High', exact=False).first.click()
    expect(page).to_have_url(f'{board.url}/?risk=high&sort=change')


@pytest.fixture
def few(board: Board) -> tuple[str, str]:
    email = f'hugo-of-{datetime.now(UTC):%H%M%S%f}@example.com'
    token = board.add_user(email)
    post(board, token, ('first', 0.9, None), ('second', 0.8, None), ('third', 0.75, None))
    return email, token


def test_rows_stay_while_the_pointer_or_the_focus_is_among_them(
    board: Board, sign_in: SignIn, page: Page, few: tuple[str, str]
) -> None:
    email, token = few
    sign_in(board, email)
    is_live(page)
    rows = page.locator('.at-risk .rows .row')
    expect(rows).to_have_count(3)
    rows.nth(2).hover()
    place = rows.nth(2).bounding_box()
    post(board, token, ('third', 0.95, None))
    apply = page.get_by_role('button', name='1 change · Apply')
    expect(apply).to_be_visible(timeout=PATIENT)
    expect(rows.nth(2)).to_contain_text('95 %')
    expect(rows.nth(2)).to_contain_text('third')
    assert rows.nth(2).bounding_box() == place, 'not a pixel'
    page.mouse.move(5, 5)
    expect(rows.nth(0)).to_contain_text('third', timeout=PATIENT)
    expect(apply).to_have_count(0)

    rows.nth(1).locator('a').focus()
    post(board, token, ('second', 0.99, None))
    expect(apply).to_be_visible(timeout=PATIENT)
    expect(rows.nth(0)).to_contain_text('third')
    apply.press('Enter')
    expect(rows.nth(0)).to_contain_text('second', timeout=PATIENT)


def test_what_changed_while_nobody_was_here_is_told_and_marked_as_seen(
    board: Board, sign_in: SignIn, page: Page, few: tuple[str, str]
) -> None:
    email, token = few
    sign_in(board, email)
    is_live(page)
    expect(page.locator('.since-line, .since-quiet')).to_have_count(0)
    page.goto('about:blank')
    an_hour_ago(board, email)
    post(board, token, ('first', 0.2, None), ('new', 0.91, None))
    page.goto(board.url)
    line = page.locator('.since-line')
    expect(line).to_contain_text('1 newly high')
    expect(line).to_contain_text('1 recovered')
    is_live(page)
    page.get_by_role('button', name='1 recovered').click()
    listed = page.get_by_role('table', name='1 recovered')
    expect(listed.get_by_role('link', name='first')).to_have_attribute('href', '/customers/first', timeout=PATIENT)
    expect(listed).to_contain_text('−70 points')
    page.get_by_role('button', name='Mark as seen').click()
    expect(page.locator('.since-quiet')).to_contain_text('Nothing has changed since', timeout=PATIENT)
    page.reload()
    expect(page.locator('.since-quiet')).to_contain_text('Nothing has changed since')


def test_what_cannot_be_marked_as_seen_is_said_beside_the_button(
    board: Board, sign_in: SignIn, page: Page, few: tuple[str, str]
) -> None:
    email, token = few
    sign_in(board, email)
    is_live(page)
    page.goto('about:blank')
    an_hour_ago(board, email)
    post(board, token, ('first', 0.2, None))
    page.goto(board.url)
    is_live(page)
    seen = page.get_by_role('button', name='Mark as seen')
    with closing(sqlite3.connect(board.folder / 'data' / 'churnboard.sqlite3', isolation_level=None)) as other:
        other.execute('BEGIN IMMEDIATE')  # nobody else can write
        seen.press('Enter')
        expect(page.get_by_role('status').filter(has_text='Not marked as seen.')).to_be_visible(timeout=60_000)
        other.execute('ROLLBACK')
    expect(page.locator('.since-line')).to_contain_text('1 recovered')
    expect(seen).to_be_focused()
    seen.press('Enter')
    expect(page.locator('.since-quiet')).to_contain_text('Nothing has changed since', timeout=PATIENT)
