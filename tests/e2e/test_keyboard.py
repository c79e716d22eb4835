"""Everything without a pointer: the focus is always somewhere, and always seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.board import Board
from tests.e2e.keyboard import Keyboard, button

SignIn = Callable[[Board, str], Page]
PERSON = 'kai-of-keyboards@example.com'
PAGES = ('/', '/data', '/connect', '/settings', '/customers/c1')


@pytest.fixture(scope='module')
def rest(board: Board) -> Iterator[httpx.Client]:
    with board.rest(board.add_user(PERSON)) as rest:
        rows = [
            {'customer_id': f'c{number}', 'churn_score': 0.95 - number / 20, 'reasons': ['+Logins down']}
            for number in range(12)
        ]
        rest.post('/api/predictions', json=rows).raise_for_status()
        yield rest


@pytest.fixture
def person(board: Board, rest: httpx.Client, sign_in: SignIn) -> Page:
    page = sign_in(board, PERSON)
    expect(page.locator('[data-connection]')).to_contain_text('Live')
    return page


@pytest.fixture
def keyboard(person: Page) -> Keyboard:
    return Keyboard(person)


@pytest.mark.parametrize('path', PAGES)
def test_each_stop_on_the_way_through_a_page_is_seen(board: Board, person: Page, keyboard: Keyboard, path: str) -> None:
    person.goto(board.url + path)
    expect(person.locator('[data-connection]')).to_contain_text('Live')
    keyboard.press('Tab')
    expect(person.get_by_role('link', name='Skip to the content')).to_be_focused()
    seen = []
    for _ in range(60):
        person.keyboard.press('Tab')
        if person.evaluate('document.activeElement === document.body'):
            break  # past the last: the browser's own controls are next
        seen.append(keyboard.look())
    assert len(seen) > 8


def test_the_skip_link_leads_past_the_header(person: Page, keyboard: Keyboard) -> None:
    person.keyboard.press('Tab')
    person.keyboard.press('Enter')
    person.keyboard.press('Tab')
    keyboard.look()
    assert person.evaluate("document.activeElement.closest('header') === null")


def test_a_customer_is_reached_and_left_again(person: Page, keyboard: Keyboard) -> None:
    link = person.locator('.at-risk a').first
    keyboard.go_to(link)
    person.keyboard.press('Enter')
    expect(person).to_have_url(re.compile('/customers/c0$'))
    expect(person.locator('[data-connection]')).to_contain_text('Live')
    keyboard.go_to(person.get_by_role('link', name='Back to the board'))
    person.keyboard.press('Enter')
    expect(link).to_be_focused()
    keyboard.look()


def test_the_account_menu_leads_to_every_page_and_out(board: Board, person: Page, keyboard: Keyboard) -> None:
    keyboard.go_to(person.get_by_label('Account'))
    keyboard.press('Enter', 'Tab')
    expect(person.get_by_role('link', name='Settings')).to_be_focused()
    keyboard.press('Escape')
    expect(person.get_by_label('Account')).to_be_focused()
    keyboard.press('Enter')
    keyboard.go_to(person.get_by_role('link', name='Connect a program'))
    person.keyboard.press('Enter')
    expect(person).to_have_url(f'{board.url}/connect')
    expect(person.locator('[data-connection]')).to_contain_text('Live')
    keyboard.go_to(person.get_by_label('Account'))
    keyboard.press('Space')
    keyboard.go_to(button(person, 'Sign out'))
    person.keyboard.press('Enter')
    expect(person).to_have_url(f'{board.url}/login')
    expect(person.get_by_label('E-mail')).to_be_focused()


def test_a_tip_is_put_away_without_losing_the_focus(person: Page, keyboard: Keyboard) -> None:
    about = person.get_by_role('button', name='About Average churn')
    tip = person.locator('.tip', has=about).locator('.tip-body')
    keyboard.go_to(about)
    expect(tip).to_be_visible()
    keyboard.press('Escape')
    expect(tip).to_be_hidden()
    expect(about).to_be_focused()
    keyboard.press('Tab', 'Shift+Tab')
    expect(tip).to_be_visible()
