"""The lists of the board, drawn from data, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.board import Board
from tests.e2e.conftest import value

SignIn = Callable[[Board, str], Page]
PERSON = 'lena-of-lists@example.com'
HOSTILE = '<img src=x onerror="window.hacked = true">{{ 7 * 7 }}'
PATIENT = 20_000


@pytest.fixture(scope='module')
def token(board: Board) -> str:
    return board.add_user(PERSON)


def post(board: Board, token: str, *rows: tuple[str, float]) -> None:
    with board.rest(token) as rest:
        data = [{'customer_id': customer, 'customer_name': f'{customer} {HOSTILE}', 'churn_score': score,
                 'reasons': [f'+ {HOSTILE}']} for customer, score in rows]  # fmt: skip
        assert rest.post('/api/predictions', json=data).status_code == 200


def test_a_row_that_moves_stays_the_same_element_with_the_focus_in_it(
    board: Board, sign_in: SignIn, page: Page, token: str
) -> None:
    post(board, token, ('first', 0.9), ('second', 0.8), ('third', 0.7))
    sign_in(board, PERSON)
    rows = page.locator('.at-risk .rows .row')
    expect(rows).to_have_count(3)
    expect(page.locator('.pill')).to_contain_text('Live', timeout=PATIENT)
    scored = page.locator('.activity-row', has_text='first')
    scored.locator('a').focus()
    scored.evaluate('(row) => { row.mine = 1; }')
    rows.nth(2).evaluate('(row) => { row.mine = 2; }')
    rows.nth(0).evaluate('(row) => { row.mine = 0; }')

    post(board, token, ('third', 0.95))

    expect(rows.nth(0)).to_contain_text('third', timeout=PATIENT)
    assert [rows.nth(place).evaluate('(row) => row.mine') for place in (0, 1)] == [2, 0]
    expect(scored.locator('a')).to_be_focused()
    assert scored.evaluate('(row) => row.mine') == 1
    expect(rows.nth(0)).to_contain_text('95 %')
    expect(rows.nth(0).locator('time')).to_have_text(re.compile('now|ago'))


def test_names_and_reasons_are_shown_as_they_are_written(board: Board, sign_in: SignIn, page: Page, token: str) -> None:
    post(board, token, ('odd', 0.99))
    sign_in(board, PERSON)
    expect(page.get_by_text(f'odd {HOSTILE}', exact=True)).to_have_count(2)
    expect(page.get_by_text(f'+ {HOSTILE}', exact=True).first).to_be_visible()
    assert page.evaluate('window.hacked') is None
    assert page.locator('.panels img').count() == 0


def test_a_click_reaches_the_server_and_a_beat_leaves_what_it_opened(
    board: Board, sign_in: SignIn, page: Page, token: str
) -> None:
    post(board, token, ('asleep', 0.98), ('awake', 0.6))
    until = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    with board.rest(token) as rest:
        answer = rest.patch('/api/customers/asleep', json={'snoozed_until': until})
        assert answer.status_code == 200, answer.text
    sign_in(board, PERSON)
    toggle = page.get_by_role('button', name='Show 1 snoozed')
    toggle.press('Enter')
    opened = page.get_by_role('button', name='Hide 1 snoozed')
    expect(opened).to_have_attribute('aria-expanded', 'true', timeout=PATIENT)
    expect(opened).to_be_focused()
    asleep = page.get_by_role('table', name='Snoozed customers')
    expect(asleep).to_contain_text('Snoozed until')

    before = int(value(page, 'total_predictions').inner_text())
    post(board, token, ('awake', 0.5))
    expect(value(page, 'total_predictions')).to_have_text(str(before + 1), timeout=PATIENT)
    expect(asleep).to_be_visible()
    expect(opened).to_be_focused()
