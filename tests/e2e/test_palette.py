from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.board import Board
from tests.e2e.axe import expect_accessible
from tests.e2e.conftest import value

SignIn = Callable[[Board, str], Page]
ROWS = [
    {'customer_id': 'n1', 'customer_name': 'North One', 'churn_score': 0.9},
    {'customer_id': 'n2', 'customer_name': 'North Two', 'churn_score': 0.8},
    {'customer_id': 's/1', 'customer_name': 'South', 'churn_score': 0.2},
]
LONG = 20_000


@pytest.fixture(scope='module')
def email(board: Board) -> str:
    token = board.add_user('palette@example.com')
    with board.rest(token) as rest:
        assert rest.post('/api/predictions', json=ROWS).status_code == 200
        assert rest.post('/api/views', json={'name': 'Northern', 'query': {'q': 'north'}}).status_code == 201
    return 'palette@example.com'


@pytest.fixture
def opened(board: Board, sign_in: SignIn, email: str) -> Page:
    page = sign_in(board, email)
    expect(value(page, 'total_predictions')).to_have_text('3', timeout=LONG)
    expect(page.locator('[data-connection]')).to_contain_text('Live', timeout=LONG)
    return page


def combobox(page: Page) -> Any:
    return page.get_by_role('combobox', name='Search pages, views, filters and actions')


def selected(page: Page) -> Any:
    return page.locator('.palette [aria-selected="true"]')


def find(page: Page, typed: str, *, option: str) -> None:
    """Open the palette, type, and take the option by keyboard once it is the chosen one."""
    page.keyboard.press('Control+k')
    expect(combobox(page)).to_be_focused()
    page.keyboard.type(typed)
    choose(page, page.get_by_role('option', name=option))
    page.keyboard.press('Enter')


def choose(page: Page, wanted: Locator) -> None:
    expect(wanted).to_be_visible(timeout=LONG)
    for _ in range(20):
        if wanted.get_attribute('aria-selected') == 'true':
            break
        page.keyboard.press('ArrowDown')
    expect(wanted).to_have_attribute('aria-selected', 'true')


def test_it_is_a_combobox_that_gives_the_focus_back(opened: Page) -> None:
    button = opened.get_by_role('button', name='Search', exact=True)
    button.focus()
    opened.keyboard.press('Enter')
    expect(combobox(opened)).to_be_focused()
    first = selected(opened).inner_text()
    opened.keyboard.press('ArrowDown')
    expect(selected(opened)).not_to_have_text(first)
    expect(combobox(opened)).to_have_attribute('aria-activedescendant', selected(opened).get_attribute('id') or '')
    opened.keyboard.type('xyzzy')
    expect(opened.locator('.palette').get_by_role('option')).to_have_count(2)  # the two ways to look for a customer
    expect(opened.get_by_role('status').filter(has_text='2 matches')).to_be_attached()
    opened.keyboard.press('Escape')
    expect(combobox(opened)).to_be_hidden()
    expect(button).to_be_focused()


def test_a_filter_does_what_its_button_does(opened: Page) -> None:
    find(opened, 'high', option='High risk')
    expect(value(opened, 'total_predictions')).to_have_text('2', timeout=LONG)
    expect(opened.locator('.choice-high')).to_have_attribute('aria-pressed', 'true')
    opened.keyboard.press('Control+k')
    expect(opened.get_by_role('option', name='High risk')).to_contain_text('in force')
    opened.keyboard.press('Escape')
    find(opened, 'reset', option='Reset the filters')
    expect(value(opened, 'total_predictions')).to_have_text('3', timeout=LONG)


def test_a_saved_view_is_opened_without_loading_the_page_again(board: Board, opened: Page) -> None:
    opened.evaluate('window.notReloaded = true')
    find(opened, 'northern', option='Northern View')
    expect(opened).to_have_url(f'{board.url}/?q=north')
    expect(value(opened, 'total_predictions')).to_have_text('2', timeout=LONG)
    expect(opened.get_by_label('Customer').first).to_have_value('north')
    opened.go_back()
    expect(value(opened, 'total_predictions')).to_have_text('3', timeout=LONG)
    assert opened.evaluate('window.notReloaded') is True


@pytest.mark.parametrize(
    ('typed', 'option'),
    [
        ('', 'Northern View'),
        ('north', 'Find customers with “north”'),
        ('north', 'Open the customer with the id “north”'),
    ],
)
def test_what_is_chosen_stays_chosen_when_the_saved_views_come(opened: Page, typed: str, option: str) -> None:
    held: list[Route] = []
    opened.keyboard.press('Control+k')
    expect(opened.get_by_role('option', name='Northern View')).to_be_attached(timeout=LONG)
    opened.keyboard.press('Escape')

    def hold(route: Route) -> None:
        held.append(route)

    opened.route('**/api/views', hold)
    opened.keyboard.press('Control+k')
    opened.keyboard.type(typed)
    wanted = opened.get_by_role('option', name=option)
    choose(opened, wanted)
    opened.evaluate('document.querySelectorAll("#palette-list > *").forEach((each) => each.classList.add("old"))')
    while not held:
        opened.wait_for_timeout(20)
    held.pop().continue_()
    expect(opened.locator('#palette-list > .old')).to_have_count(0, timeout=LONG)
    expect(opened.get_by_role('option', name='Northern View')).to_be_attached()
    expect(wanted).to_have_attribute('aria-selected', 'true')


def test_customers_are_found_from_here_and_from_other_pages(board: Board, opened: Page) -> None:
    find(opened, 'north', option='Find customers with “north”')
    expect(value(opened, 'total_predictions')).to_have_text('2', timeout=LONG)
    find(opened, 's/1', option='Open the customer with the id “s/1”')
    expect(opened.get_by_text('South').first).to_be_visible(timeout=LONG)
    expect(opened).to_have_url(f'{board.url}/customers/s%2F1')
    find(opened, 'two', option='Find customers with “two”')
    expect(opened).to_have_url(f'{board.url}/?q=two')
    expect(value(opened, 'total_predictions')).to_have_text('1', timeout=LONG)


def test_a_page_without_a_button_does_not_offer_what_it_does(board: Board, opened: Page) -> None:
    opened.goto(f'{board.url}/settings')
    opened.keyboard.press('Control+k')
    expect(opened.get_by_role('option', name='Sign out')).to_be_attached(timeout=LONG)
    expect(opened.get_by_role('option', name='Refresh')).to_have_count(0)
    opened.keyboard.press('Escape')
    find(opened, 'dark', option='Dark colours')
    expect(opened.locator('.choice-theme .choice-dark')).to_have_attribute('aria-pressed', 'true', timeout=LONG)
    expect(opened.locator('html')).to_have_attribute('data-theme', 'dark', timeout=LONG)


def test_a_question_mark_lists_the_keys_unless_it_is_typed(opened: Page) -> None:
    opened.get_by_label('Customer').first.focus()
    opened.keyboard.press('?')
    expect(opened.get_by_role('dialog', name='Keys')).to_have_count(0)
    refresh = opened.get_by_role('button', name='Refresh')
    refresh.focus()
    opened.keyboard.press('?')
    expect(opened.get_by_role('dialog', name='Keys')).to_contain_text('search customers')
    opened.keyboard.press('Escape')
    expect(opened.get_by_role('dialog', name='Keys')).to_have_count(0)
    expect(refresh).to_be_focused()


def test_who_switched_single_keys_off_finds_the_list_in_the_palette(board: Board, sign_in: SignIn) -> None:
    board.add_user('palette-off@example.com')
    page = sign_in(board, 'palette-off@example.com')
    page.goto(f'{board.url}/settings')
    page.locator('.choice-shortcuts .choice-off').click()
    expect(page.locator('[data-no-shortcuts]')).to_be_attached(timeout=LONG)
    page.keyboard.press('?')
    find(page, 'keys', option='Show all keys')
    expect(page.get_by_role('dialog', name='Keys')).to_contain_text('switched off in your settings')


def test_axe_finds_nothing_in_the_palette_the_keys_and_the_views(opened: Page) -> None:
    opened.emulate_media(reduced_motion='reduce')
    opened.keyboard.press('Control+k')
    expect(opened.get_by_role('option', name='Northern View')).to_be_attached(timeout=LONG)
    expect_accessible(opened, '.palette')
    opened.keyboard.press('Escape')
    opened.locator('.panel-title').first.click()
    opened.keyboard.press('?')
    expect(opened.get_by_role('dialog', name='Keys')).to_be_visible()
    expect_accessible(opened, '.keys-dialog')
    opened.keyboard.press('Escape')
    opened.locator('.views summary').click()
    more = opened.get_by_role('button', name='Rename, replace or delete “Northern”')
    more.click(timeout=LONG)
    expect(opened.get_by_role('button', name='Replace with the present filters')).to_be_visible(timeout=LONG)
    expect_accessible(opened, '.views')
