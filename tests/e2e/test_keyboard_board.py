"""Every function of the board without a pointer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.board import Board
from tests.e2e.conftest import value
from tests.e2e.keyboard import Keyboard, button
from tests.e2e.many_customers import many_customers

SignIn = Callable[[Board, str], Page]
PERSON = 'bea-of-keyboards@example.com'


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


def test_the_board_is_filtered_paused_exported_and_refreshed(person: Page, keyboard: Keyboard) -> None:
    keyboard.go_to(person.get_by_label('Customer').first)
    person.keyboard.type('c1')
    expect(person).to_have_url(re.compile(r'\?q=c1$'))
    keyboard.look()
    remove = person.get_by_role('button', name=re.compile('Remove the filter'))
    keyboard.go_to(remove)
    person.keyboard.press('Enter')
    expect(person.locator('.chip')).to_have_count(0)
    keyboard.look()

    keyboard.go_to(person.locator('.choice-risk .choice-high'), key='Shift+Tab')
    keyboard.press('Space')
    expect(person).to_have_url(re.compile(r'\?risk=high$'))
    keyboard.go_to(button(person, 'Reset'))
    person.keyboard.press('Enter')
    expect(person.locator('.chip')).to_have_count(0)
    expect(value(person, 'total_predictions')).not_to_have_text('–')
    expect(person.locator('.filters [data-key="/"]')).to_be_focused()
    keyboard.look()

    keyboard.go_to(button(person, 'Refresh'))
    keyboard.press('Enter')
    keyboard.go_to(person.locator('summary', has_text='Export'))
    keyboard.press('Space')
    keyboard.go_to(person.get_by_role('button', name='CSV', exact=True))
    with person.expect_download():
        person.keyboard.press('Enter')
    keyboard.look()
    keyboard.press('Escape')
    expect(person.locator('summary', has_text='Export')).to_be_focused()

    keyboard.go_to(button(person, 'Pause'), key='Shift+Tab')
    keyboard.press('Enter')
    expect(button(person, 'Resume')).to_be_focused()
    keyboard.press('Space')
    expect(button(person, 'Pause')).to_be_focused()
    keyboard.press('Tab')
    expect(person.get_by_label('How often to update')).to_be_focused()


def test_the_period_and_the_scores_are_typed(person: Page, keyboard: Keyboard) -> None:
    keyboard.use(person.locator('.choice-period .choice-custom'))
    keyboard.go_to(person.get_by_label('From', exact=True))
    person.keyboard.type('01022020')
    expect(person).to_have_url(re.compile(r'from=2020-0[12]-0[12]'))
    keyboard.look()
    keyboard.go_to(person.get_by_label('Score from'), key='Shift+Tab')
    person.keyboard.type('300')
    expect(person.get_by_text('Write a percentage from 0 to 100. Not applied.')).to_be_visible()
    keyboard.look()
    person.keyboard.press('Control+A')
    person.keyboard.type('99')
    expect(person.get_by_role('heading', name='Nothing matches')).to_be_visible()
    keyboard.use(button(person, 'Clear filters'))
    expect(person.locator('.chip')).to_have_count(0)
    expect(value(person, 'total_predictions')).to_have_text('90')
    keyboard.look()


def test_a_view_is_saved_renamed_replaced_opened_and_deleted(person: Page, keyboard: Keyboard) -> None:
    menu, note = person.locator('.views summary'), person.locator('.status-note')
    keyboard.use(menu)
    keyboard.go_to(person.get_by_label('Save the present filters as'))
    person.keyboard.type('Mine')
    keyboard.use(button(person, 'Save'))
    expect(menu).to_be_focused()
    keyboard.press('Enter')
    keyboard.use(button(person, 'Rename, replace or delete “Mine”'))
    expect(person.get_by_label('Name', exact=True)).to_be_focused()
    person.keyboard.press('Control+A')
    person.keyboard.type('Ours')
    person.keyboard.press('Enter')
    expect(note).to_contain_text('It is called “Ours” now.')
    expect(menu).to_be_focused()

    keyboard.use(person.locator('.choice-risk .choice-high'), way='Shift+Tab')
    keyboard.use(menu)
    more = button(person, 'Rename, replace or delete “Ours”')
    keyboard.use(more, key='Space')
    keyboard.use(button(person, 'Replace with the present filters'))
    expect(button(person, 'Undo')).to_be_focused()
    keyboard.look()
    keyboard.go_to(menu)
    keyboard.press('Enter', 'Tab')
    expect(person.get_by_role('link', name='Ours')).to_be_focused()
    keyboard.press('Enter')
    expect(person).to_have_url(re.compile(r'\?risk=high$'))
    keyboard.look()
    keyboard.go_to(menu)
    keyboard.press('Enter')
    keyboard.use(more)
    keyboard.press('Escape')
    expect(menu).to_be_focused()
    keyboard.press('Enter')
    keyboard.use(button(person, 'Delete'))
    expect(button(person, 'Undo')).to_be_focused()
    keyboard.use(button(person, 'Dismiss'))
    expect(note).to_be_hidden()
    keyboard.look()


def test_what_was_held_back_is_shown(person: Page, keyboard: Keyboard, rest: httpx.Client) -> None:
    rate = person.get_by_label('How often to update')
    keyboard.go_to(rate)
    person.keyboard.press('End')
    expect(person.locator('.pill')).to_contain_text('Updates off')
    rest.post('/api/predictions', json=[{'customer_id': 'late', 'churn_score': 0.1}]).raise_for_status()
    keyboard.use(button(person, 'Show the updates'), way='Shift+Tab')
    expect(value(person, 'total_predictions')).to_have_text('91')
    expect(button(person, 'Show the updates')).to_be_hidden()
    keyboard.look()
    keyboard.go_to(rate)
    person.keyboard.press('Home')
    expect(person.locator('.pill')).to_contain_text('Live')


def test_a_card_leads_to_what_it_counts(person: Page, keyboard: Keyboard) -> None:
    keyboard.use(person.get_by_role('link', name='High risk'))
    expect(person.get_by_role('heading', name='Customers at risk')).to_be_focused()
    keyboard.look()
    person.go_back()
    expect(person.locator('.chip')).to_have_count(0)


def test_a_chart_is_read_as_a_table_and_by_the_key_of_its_own(person: Page, keyboard: Keyboard) -> None:
    chart = person.locator('.chart').first
    toggle = chart.get_by_role('button', name='Show as table')
    keyboard.use(toggle)
    expect(chart.locator('tbody tr').first).to_be_visible()
    expect(toggle).to_be_focused()
    keyboard.press('Tab')
    expect(chart.get_by_role('region')).to_be_focused()
    keyboard.press('t')
    expect(chart.locator('tbody tr')).to_have_count(0)
    expect(toggle).to_be_focused()


def test_on_a_phone_the_filters_are_unfolded(person: Page, keyboard: Keyboard) -> None:
    person.set_viewport_size({'width': 360, 'height': 740})
    keyboard.use(person.locator('.filters-toggle'))
    keyboard.use(person.locator('.choice-risk .choice-high'), key='Space')
    expect(person.locator('.chip')).to_have_count(1)
    keyboard.look()
    keyboard.use(button(person, 'Reset'))
    expect(person.locator('.chip')).to_have_count(0)
    keyboard.look()
