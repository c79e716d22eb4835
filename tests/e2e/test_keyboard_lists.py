"""The lists of the board without a pointer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.board import Board
from tests.e2e.keyboard import Keyboard, button
from tests.e2e.many_customers import many_customers
from tests.e2e.visits import an_hour_ago

SignIn = Callable[[Board, str], Page]
PERSON = 'lia-of-keyboards@example.com'


@pytest.fixture(scope='module')
def rest(board: Board) -> Iterator[httpx.Client]:
    with many_customers(board, PERSON) as rest:
        yield rest


@pytest.fixture
def person(board: Board, rest: httpx.Client, sign_in: SignIn) -> Page:
    page = sign_in(board, PERSON)
    expect(page.locator('[data-connection]')).to_contain_text('Live')
    expect(page.locator('.at-risk .rows .row').first).to_be_visible()
    return page


@pytest.fixture
def keyboard(person: Page) -> Keyboard:
    return Keyboard(person)


def test_the_list_is_sorted_and_turned_page_by_page(person: Page, keyboard: Keyboard) -> None:
    panel, order = person.locator('.panel-at-risk'), person.get_by_role('group', name='Sort by')
    later, earlier = button(person, 'Next'), button(person, 'Previous')
    keyboard.use(order.get_by_role('button', name='7-day change'))
    expect(order.get_by_role('button', name='7-day change')).to_have_attribute('aria-pressed', 'true')
    keyboard.use(later)
    expect(panel).to_contain_text('21–40')
    expect(later).to_be_focused()
    keyboard.press('Enter')
    expect(panel).to_contain_text('41–4')
    expect(later).to_have_count(0)
    expect(earlier).to_be_focused()
    for first in ('21–40', '1–20'):
        keyboard.press('Enter')
        expect(panel).to_contain_text(first)
    expect(earlier).to_have_count(0)
    expect(later).to_be_focused()
    keyboard.use(button(person, 'Show 1 snoozed'))
    expect(button(person, 'Hide 1 snoozed')).to_be_focused()
    keyboard.go_to(person.get_by_role('table', name='Snoozed customers').get_by_role('link'))


def test_the_button_that_turns_the_list_stays_in_sight_where_the_browser_does_not_see_to_it(
    board: Board, person: Page, keyboard: Keyboard
) -> None:
    person.goto(f'{board.url}/?page=3')
    person.add_style_tag(content='html { overflow-anchor: none; }')  # as Safari is
    expect(person.locator('.panel-at-risk')).to_contain_text('41–4')
    keyboard.use(button(person, 'Previous'))
    expect(person.locator('.panel-at-risk')).to_contain_text('21–40')
    keyboard.look()


def test_what_waits_for_the_reader_is_applied(person: Page, keyboard: Keyboard, rest: httpx.Client) -> None:
    keyboard.go_to(person.locator('.at-risk .rows a').first)
    rest.post('/api/predictions', json=[{'customer_id': 'fresh', 'churn_score': 0.99}]).raise_for_status()
    apply = person.locator('.at-risk-apply')
    expect(apply).to_be_visible()
    keyboard.use(apply, way='Shift+Tab')
    expect(person.locator('.at-risk .rows a').first).to_have_text('fresh')
    expect(apply).to_have_count(0)
    keyboard.look()


def test_what_changed_since_the_last_visit_is_opened_and_marked_as_seen(
    board: Board, person: Page, keyboard: Keyboard, rest: httpx.Client
) -> None:
    person.goto('about:blank')
    an_hour_ago(board, PERSON)
    rest.post('/api/predictions', json=[{'customer_id': 'c01', 'churn_score': 0.05}]).raise_for_status()
    person.goto(board.url)
    expect(person.locator('[data-connection]')).to_contain_text('Live')
    part = person.locator('.since-part').first
    keyboard.use(part)
    expect(part).to_have_attribute('aria-expanded', 'true')
    expect(part).to_be_focused()
    keyboard.go_to(person.locator('.since-list a').first)
    keyboard.use(button(person, 'Mark as seen'), way='Shift+Tab')
    expect(person.locator('.since-quiet')).to_contain_text('Nothing has changed')
    keyboard.look()
