"""The end of a browser session, in a real Chromium: said in time, put off by one press, and in step in all tabs."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.accounts import PASSWORD
from tests.board import Board
from tests.e2e.conftest import enter

SOON = timedelta(minutes=8)
numbers = itertools.count(1)


class Person:
    """Somebody with an account of their own, whose sessions end when a test wants it."""

    def __init__(self, board: Board, page: Page) -> None:
        self.board, self.page = board, page
        self.email = f'{next(numbers)}-of-sessions@example.com'
        board.add_user(self.email)
        enter(page, board, self.email)

    def open(self, path: str = '/', *, page: Page | None = None) -> Page:
        page = page or self.page
        page.goto(f'{self.board.url}{path}')
        expect(page.locator('[data-connection]')).to_contain_text('Live')
        return page

    def ends_in(self, left: timedelta, *, signed_in: timedelta = timedelta(hours=11)) -> None:
        self.board.end_sessions_in(self.email, left, signed_in=signed_in)


@pytest.fixture
def person(board: Board, page: Page) -> Person:
    return Person(board, page)


@pytest.fixture(autouse=True)
def no_page_errors(page: Page) -> Iterator[None]:
    problems: list[str] = []
    page.on('pageerror', lambda error: problems.append(str(error)))
    yield
    assert problems == []


def warning(page: Page) -> Locator:
    return page.get_by_role('region', name='Your sign-in')


def stay(page: Page) -> Locator:
    return page.get_by_role('button', name='Stay signed in')


def spoken(page: Page) -> Locator:
    return page.locator('[data-session] [role=status]')


def test_nothing_is_said_while_there_is_time(person: Person) -> None:
    page = person.open()
    expect(spoken(page)).to_be_attached()
    expect(warning(page)).to_have_count(0)
    expect(spoken(page)).to_be_empty()


def test_every_page_warns_once_and_one_press_keeps_all_tabs_signed_in(person: Person) -> None:
    person.ends_in(SOON)
    tabs = [person.page, *(person.page.context.new_page() for _ in range(4))]
    for tab, path in zip(tabs, ('/', '/data', '/connect', '/settings', '/customers/c1'), strict=True):
        person.open(path, page=tab)
        expect(warning(tab)).to_contain_text(re.compile(r'You will be signed out in [78] min'))
        expect(spoken(tab)).to_have_text(
            re.compile(
                r'You will be signed out in [78] min\. A button at the beginning of the page keeps you signed in\.'
            )
        )
    stay(tabs[1]).click()
    expect(spoken(tabs[1])).to_have_text('You stay signed in.')
    for tab in tabs:
        expect(warning(tab)).to_have_count(0)
    person.open()
    expect(warning(person.page)).to_have_count(0)
    cookie = next(each for each in person.page.context.cookies() if each['name'] == 'churnboard_session')
    now = person.page.evaluate('Date.now() / 1000')
    assert 11.9 < (cookie['expires'] - now) / 3600 < 12.1


def test_the_button_is_the_first_stop_after_the_way_to_the_content_and_the_focus_comes_back(person: Person) -> None:
    person.ends_in(SOON)
    page = person.open('/settings')
    expect(stay(page)).to_be_visible()
    name = page.get_by_label('Name', exact=True)
    name.focus()
    page.keyboard.type('half a na')
    for _ in range(40):
        page.keyboard.press('Shift+Tab')
        if stay(page).evaluate('element => element === document.activeElement'):
            break
    expect(stay(page)).to_be_focused()
    page.keyboard.press('Shift+Tab')
    expect(page.get_by_role('link', name='Skip to the content')).to_be_focused()
    page.keyboard.press('Tab')
    page.keyboard.press('Enter')
    expect(warning(page)).to_have_count(0)
    expect(page.get_by_role('link', name='Skip to the content')).to_be_focused()
    expect(name).to_have_value('half a na')


def test_a_session_that_was_prolonged_where_nobody_told_this_tab_is_not_called_ending(person: Person) -> None:
    person.ends_in(timedelta(minutes=10, seconds=12))
    page = person.open()
    person.ends_in(timedelta(hours=12))
    with page.expect_response('**/api/session', timeout=60_000):
        pass
    expect(page.locator('[data-connection]')).to_contain_text('Live')
    expect(warning(page)).to_have_count(0)
    expect(spoken(page)).to_be_empty()


def test_at_the_limit_it_says_when_the_session_ends_and_that_the_work_is_kept(person: Person) -> None:
    person.ends_in(SOON, signed_in=timedelta(hours=168) - SOON)
    page = person.open()
    expect(warning(page)).to_contain_text(re.compile(r'You will be signed out in [78] min, at\s+\d?\d:\d\d'))
    expect(warning(page)).to_contain_text('Sign in again then: this page goes on where you were')
    expect(spoken(page)).to_contain_text('Sign in again then')
    expect(stay(page)).to_have_count(0)
    page.get_by_role('button', name='Dismiss').click()
    expect(warning(page)).to_have_count(0)


def test_a_press_that_gains_little_before_the_limit_says_what_is_left(person: Person) -> None:
    person.ends_in(timedelta(minutes=4), signed_in=timedelta(hours=168) - SOON)
    page = person.open()
    stay(page).click()
    expect(warning(page)).to_contain_text(re.compile(r'You will be signed out in [78] min, at\s'))
    expect(stay(page)).to_have_count(0)


def test_without_a_link_it_warns_all_the_same_and_says_why_it_cannot_be_put_off(person: Person) -> None:
    person.ends_in(timedelta(minutes=10, seconds=12))
    page = person.open()

    def cut(route: Route) -> None:
        route.abort()

    page.route('**/api/session', cut)
    expect(stay(page)).to_be_visible(timeout=60_000)
    stay(page).click()
    expect(warning(page)).to_contain_text('The server cannot be reached. Try again in a moment.')
    page.unroute('**/api/session')
    stay(page).click()
    expect(warning(page)).to_have_count(0)


def test_whoever_lets_it_end_is_asked_for_the_password_and_comes_back_to_the_same_view(person: Person) -> None:
    person.ends_in(timedelta(seconds=20))
    page = person.page
    page.goto(f'{person.board.url}/?risk=high')
    expect(warning(page)).to_contain_text(re.compile(r'You will be signed out in \d+ s'))
    expect(page).to_have_url(re.compile('/login'), timeout=60_000)
    page.get_by_label('E-mail').fill(person.email)
    page.get_by_label('Password').fill(PASSWORD)
    page.get_by_role('button', name='Sign in').click()
    expect(page).to_have_url(f'{person.board.url}/?risk=high')


@pytest.mark.parametrize('width', [320, 360, 1440])
def test_it_fits_the_screen_and_what_has_the_focus_is_not_behind_it(person: Person, width: int) -> None:
    person.ends_in(SOON, signed_in=timedelta(hours=168) - SOON)
    page = person.page
    page.set_viewport_size({'width': width, 'height': 640})
    person.open('/settings')
    expect(warning(page)).to_be_visible()
    assert page.evaluate('document.documentElement.scrollWidth') <= width
    last = page.get_by_role('link', name='See programs that use a key')
    last.focus()
    below = last.bounding_box()
    above = warning(page).bounding_box()
    assert below and above
    assert below['y'] + below['height'] <= above['y']
