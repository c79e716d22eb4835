"""What people set, in a real Chromium: it is kept, in force at once, and nothing typed is lost."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.accounts import PASSWORD
from tests.board import Board
from tests.e2e.conftest import value

SignIn = Callable[[Board, str], Page]
NEW = 'amber lantern forty-two'
KEY = re.compile(r'cbk_[\w-]{43}')
numbers = itertools.count(1)
DARK, LIGHT = 'rgb(14, 19, 27)', 'rgb(245, 246, 248)'


class Person:
    """Somebody with an account of their own, in front of their settings."""

    def __init__(self, board: Board, page: Page, email: str) -> None:
        self.board, self.page, self.email = board, page, email
        self.token = board.add_user(email)
        self.sign_in(page)

    def sign_in(self, page: Page, password: str = PASSWORD) -> Page:
        page.goto(f'{self.board.url}/login')
        page.get_by_label('E-mail').fill(self.email)
        page.get_by_label('Password').fill(password)
        page.get_by_role('button', name='Sign in').click()
        expect(page).to_have_url(f'{self.board.url}/')
        return page

    def settings(self, page: Page | None = None) -> Page:
        page = page or self.page
        page.goto(f'{self.board.url}/settings')
        expect(page.locator('[data-connection]')).to_contain_text('Live')
        return page

    def send(self, number: int) -> None:
        """A program sends a prediction."""
        with self.board.rest(self.token) as rest:
            sent = rest.post('/api/predictions', json=[{'customer_id': f'c{number}', 'churn_score': 0.5}])
            assert sent.status_code == 200, sent.text


@pytest.fixture
def person(board: Board, page: Page) -> Person:
    return Person(board, page, f'{next(numbers)}@example.com')


@pytest.fixture
def other(browser: Browser, person: Person) -> Iterator[Page]:
    """The same person in another browser."""
    context = browser.new_context()
    yield person.sign_in(context.new_page())
    context.close()


@pytest.fixture(autouse=True)
def no_page_errors(page: Page) -> Iterator[None]:
    """Whatever a test does, the browser's console stays clean."""
    problems: list[str] = []
    page.on('pageerror', lambda error: problems.append(str(error)))
    page.on('console', lambda message: problems.append(message.text) if message.type == 'error' else None)
    yield
    assert [problem for problem in problems if not re.search(r'401|ERR_CONNECTION|ERR_FAILED|WebSocket', problem)] == []


def ground(page: Page) -> Any:
    return page.evaluate('getComputedStyle(document.documentElement).backgroundColor')


def test_a_theme_is_in_force_at_once_and_stays_over_reloads_and_sign_ins(person: Person, other: Page) -> None:
    page = person.settings()
    page.emulate_media(color_scheme='light')
    assert ground(page) == LIGHT
    page.get_by_role('button', name='Dark').click()
    expect(page.get_by_text('Kept: dark.')).to_be_visible()
    assert ground(page) == DARK
    expect(page.locator('body')).to_have_class(re.compile('body--dark'))
    page.reload()
    assert ground(page) == DARK
    page.context.clear_cookies()
    person.sign_in(page)
    assert ground(page) == DARK
    other.emulate_media(color_scheme='light')
    other.reload()
    assert ground(other) == DARK


def test_no_page_flashes_up_in_the_other_colours(person: Person) -> None:
    page = person.settings()
    page.emulate_media(color_scheme='light')
    page.get_by_role('button', name='Dark').click()
    expect(page.get_by_text('Kept: dark.')).to_be_visible()
    page.route('**/*.js*', lambda route: route.abort())  # what is drawn without any script of a file
    page.goto(f'{person.board.url}/', wait_until='commit')
    page.wait_for_function('document.body !== null && document.styleSheets.length > 0')
    page.wait_for_function(f"getComputedStyle(document.documentElement).backgroundColor === '{DARK}'", timeout=20_000)
    page.unroute('**/*.js*')


def test_a_new_password_keeps_this_browser_and_ends_the_other_within_a_beat(person: Person, other: Page) -> None:
    expect(other.locator('[data-connection]')).to_contain_text('Live')
    page = person.settings()
    page.get_by_label('Current password').fill(PASSWORD)
    page.get_by_label('New password', exact=True).fill(NEW)
    page.get_by_label('New password again').fill(NEW)
    page.get_by_role('button', name='Change password').click()
    expect(page.get_by_text('Your password is changed. 1 other browser was signed out.')).to_be_visible()
    expect(page.get_by_label('Current password')).to_have_value('')
    expect(other).to_have_url(re.compile('/login'), timeout=20_000)
    page.reload()
    expect(page).to_have_url(f'{person.board.url}/settings')
    expect(page.locator('[data-connection]')).to_contain_text('Live')
    person.sign_in(other, NEW)


def test_a_wrong_password_is_told_at_its_field_and_everything_typed_is_still_there(person: Person) -> None:
    page = person.settings()
    page.get_by_label('Name', exact=True).fill('half a na')
    page.get_by_label('Current password').fill('a wrong guess of it')
    page.get_by_label('New password', exact=True).fill(NEW)
    page.get_by_label('New password again').fill(NEW)
    page.get_by_role('button', name='Change password').click()
    expect(page.get_by_text('The current password is not right.')).to_be_visible()
    expect(page.get_by_label('Current password')).to_be_focused()
    person.send(1)
    before = page.locator('[data-connection] time').get_attribute('datetime')
    page.wait_for_function(
        "before => document.querySelector('[data-connection] time').dateTime !== before", arg=before, timeout=20_000
    )
    expect(page.get_by_label('Current password')).to_have_value('a wrong guess of it')
    expect(page.get_by_label('New password', exact=True)).to_have_value(NEW)
    expect(page.get_by_label('Name', exact=True)).to_have_value('half a na')


def test_what_comes_while_paused_is_counted_and_the_pause_is_remembered(person: Person) -> None:
    page = person.page
    person.send(1)
    expect(value(page, 'total_predictions')).to_have_text('1')
    page.get_by_role('button', name='Pause').click()
    expect(page.locator('[data-connection]')).to_contain_text('Paused')
    for number in range(2, 5):
        person.send(number)
    expect(page.get_by_text('3 updates while paused')).to_be_visible(timeout=20_000)
    expect(value(page, 'total_predictions')).to_have_text('1')
    page.reload()
    expect(page.get_by_role('button', name='Resume')).to_have_attribute('aria-pressed', 'true')
    expect(value(page, 'total_predictions')).to_have_text('4')
    person.send(5)
    expect(page.get_by_text('1 update while paused')).to_be_visible(timeout=20_000)
    page.get_by_role('button', name='Resume').click()
    expect(value(page, 'total_predictions')).to_have_text('5')
    expect(page.get_by_text('while paused')).not_to_be_visible()


def test_a_slower_rate_is_remembered_and_shows_at_its_own_rhythm(person: Person) -> None:
    page = person.page
    person.send(1)
    expect(value(page, 'total_predictions')).to_have_text('1')
    page.get_by_label('How often to update').select_option('15')
    expect(page.locator('[data-connection]')).to_have_attribute('data-interval', '15')
    page.reload()
    expect(page.get_by_label('How often to update')).to_have_value('15')
    expect(value(page, 'total_predictions')).to_have_text('1')
    page.wait_for_timeout(500)
    person.send(2)
    page.wait_for_timeout(2_500)
    expect(value(page, 'total_predictions')).to_have_text('1')
    expect(page.locator('[data-connection]')).to_contain_text('Live')
    expect(value(page, 'total_predictions')).to_have_text('2', timeout=18_000)


def test_the_days_of_another_zone_are_worked_out_and_it_is_told_until_they_are(person: Person) -> None:
    person.send(1)
    page = person.settings()
    zone = page.get_by_role('combobox', name='Time zone')
    zone.click()
    page.keyboard.type('Asia/Tokyo')
    page.keyboard.press('Enter')
    expect(page.get_by_text('Days are being worked out for Asia/Tokyo.')).to_be_visible()
    expect(page.get_by_text('Days are those in Asia/Tokyo now.')).to_be_visible(timeout=20_000)
    zone.fill('Mars/Base')
    page.get_by_role('button', name='Save time zone').click()
    expect(page.get_by_text('"Mars/Base" is no time zone')).to_be_visible()
    expect(zone).to_have_value('Mars/Base')


def test_one_browser_is_signed_out_from_another(person: Person, other: Page) -> None:
    page = person.settings()
    page.get_by_role('button', name='Sign out Chrome on Linux').click()
    dialog = page.get_by_role('dialog', name='Sign out Chrome on Linux?')
    dialog.get_by_role('button', name='Sign out').click()
    expect(page.get_by_text('Chrome on Linux is signed out.')).to_be_visible()
    expect(other).to_have_url(re.compile('/login'), timeout=20_000)
    expect(page.get_by_role('button', name='Sign out everywhere else')).to_have_count(0)


def test_a_key_is_made_copied_used_and_revoked_and_every_page_of_the_person_sees_it(
    person: Person, other: Page
) -> None:
    other.goto(f'{person.board.url}/connect')
    page = person.settings()
    page.context.grant_permissions(['clipboard-read', 'clipboard-write'])
    keys = page.get_by_role('region', name='API keys')
    keys.get_by_label('Name of a new key').fill('wall screen')
    keys.get_by_role('button', name='Make a key').click()
    copy = keys.get_by_role('button', name='Copy the key')
    expect(copy).to_be_focused()
    copy.press('Enter')
    expect(keys.get_by_text('The key is copied.')).to_be_attached()
    key = str(page.evaluate('navigator.clipboard.readText()'))
    assert KEY.fullmatch(key)
    keys.get_by_role('button', name='I have stored it').press('Enter')
    expect(keys.get_by_role('heading', name='API keys')).to_be_focused()
    assert key not in page.content()

    read = {'headers': {'Authorization': f'Bearer {key}'}, 'timeout': 30}
    assert httpx.get(f'{person.board.url}/api/live-data', **read).status_code == 200
    expect(keys.get_by_role('row', name='wall screen').locator('.cell-used time')).to_have_text(
        re.compile('just now|ago')
    )
    elsewhere = other.get_by_role('row', name='wall screen')
    expect(elsewhere.get_by_role('button', name='Revoke wall screen')).to_be_visible()

    keys.get_by_role('button', name='Revoke wall screen').click()
    dialog = page.get_by_role('dialog', name='Revoke the key “wall screen”?')
    dialog.get_by_role('button', name='Revoke', exact=True).click()
    expect(keys.get_by_role('row', name='wall screen').get_by_text('Revoked', exact=True)).to_be_visible()
    assert httpx.get(f'{person.board.url}/api/live-data', **read).status_code == 401
    expect(elsewhere.get_by_text('Revoked', exact=True)).to_be_visible()
    assert key not in person.board.log


def test_a_key_is_made_on_the_page_on_which_the_password_was_just_changed(person: Person) -> None:
    with person.board.rest(person.token) as rest:
        rest.post('/api/keys', json={'name': 'old one', 'scope': 'read'}).raise_for_status()
    page = person.settings()
    keys = page.get_by_role('region', name='API keys')
    expect(keys.get_by_role('button', name='Revoke old one')).to_be_visible()
    page.get_by_label('Current password').fill(PASSWORD)
    page.get_by_label('New password', exact=True).fill(NEW)
    page.get_by_label('New password again').fill(NEW)
    page.get_by_role('button', name='Change password').click()
    expect(keys.get_by_role('row', name='old one').get_by_text('Revoked', exact=True)).to_be_visible()
    keys.get_by_label('Name of a new key').fill('new one')
    keys.get_by_role('button', name='Make a key').click()
    expect(keys.locator('[data-new-key]')).to_have_text(KEY)


def test_pages_that_are_open_say_whose_days_they_show_after_the_zone_was_changed_elsewhere(
    person: Person, other: Page
) -> None:
    person.send(1)
    tabs = [person.page.context.new_page() for _ in range(3)]
    for tab, path in zip(tabs, ('', '/data', '/connect'), strict=True):
        tab.goto(person.board.url + path)
        expect(tab.get_by_text('Days are calendar days in UTC.')).to_be_visible()
        tab.evaluate('window.here = true')
    page = person.settings()
    page.get_by_role('combobox', name='Time zone').fill('Asia/Tokyo')
    page.get_by_role('button', name='Save time zone').click()
    for tab in (other, *tabs):
        expect(tab.get_by_text('Days are calendar days in Asia/Tokyo.')).to_be_visible(timeout=60_000)
    assert all(tab.evaluate('window.here') for tab in tabs), 'the pages stayed'
    assert tabs[0].locator('.as-of time').get_attribute('title').endswith('GMT+9')  # type: ignore[union-attr]


def test_numbers_and_dates_are_written_as_chosen(person: Person) -> None:
    page = person.settings()
    page.get_by_label('Numbers and dates').select_option('de-DE')
    expect(page.get_by_text('Kept: numbers and dates')).to_be_visible()
    person.send(1)
    page.goto(person.board.url)
    expect(value(page, 'avg_churn_score')).to_have_text('50,0 %')
    assert not re.search('AM|PM', page.locator('[data-connection]').inner_text())


def test_single_keys_work_until_they_are_switched_off(person: Person) -> None:
    page = person.page
    person.send(1)
    expect(value(page, 'total_predictions')).to_have_text('1')
    page.keyboard.press('p')
    expect(page.get_by_role('button', name='Resume')).to_be_visible()
    page.keyboard.press('p')
    expect(page.get_by_role('button', name='Pause')).to_be_visible()
    page.keyboard.press('/')
    expect(page.get_by_label('Customer').first).to_be_focused()
    page.keyboard.type('p')
    expect(page.get_by_label('Customer').first).to_have_value('p')
    expect(page.get_by_role('button', name='Pause')).to_be_visible()
    person.settings()
    page.get_by_role('button', name='Off', exact=True).click()
    expect(page.get_by_text('Kept: single keys do nothing.')).to_be_visible()
    page.keyboard.press('p')
    page.wait_for_timeout(300)
    expect(page.get_by_role('button', name='Pause')).to_be_visible()


@pytest.mark.parametrize('width', [320, 360, 768, 1440])
def test_nothing_is_wider_than_the_screen(person: Person, width: int) -> None:
    person.page.set_viewport_size({'width': width, 'height': 800})
    page = person.settings()
    assert page.evaluate('document.documentElement.scrollWidth') <= width
