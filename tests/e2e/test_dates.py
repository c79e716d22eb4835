"""Days and times of day, in a real Chromium: what the server writes and what the browser writes look the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from app.pages.settings_display import LOCALES
from app.reader_locale import number_format
from services.preferences import Locale
from tests.board import Board
from tests.e2e.conftest import enter

LONG = 30_000
HISTORY = timedelta(days=30)
ORDERS = """locales => locales.map(locale => {
    const parts = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }).formatToParts(new Date());
    const { hourCycle } = new Intl.DateTimeFormat(locale, { hour: 'numeric' }).resolvedOptions();
    const order = parts.map(({ type }) => type).filter((type) => ['day', 'month', 'year'].includes(type));
    return [order.join(' '), ['h11', 'h12'].includes(hourCycle)];
})"""
NAMES = {'%-d': 'day', '%b': 'month', '%Y': 'year'}


@pytest.fixture(scope='module')
def old(board: Board) -> datetime:
    """When the first prediction was made of somebody who has another one of today."""
    before = (datetime.now(UTC) - HISTORY).replace(hour=14, minute=5, second=7)
    rows = [
        {'customer_id': 'old', 'churn_score': 0.1, 'predicted_at': before.isoformat(timespec='seconds')},
        {'customer_id': 'new', 'churn_score': 0.9},
    ]
    with board.rest(board.add_user('dates@example.com')) as rest:
        assert rest.post('/api/predictions', json=rows).is_success
    return before


@pytest.fixture
def read_in(browser: Browser, board: Board) -> Iterator[Callable[[str], Page]]:
    """The board, in a browser of that language."""
    contexts = []

    def opened(locale: str) -> Page:
        contexts.append(browser.new_context(locale=locale, timezone_id='America/New_York'))
        return enter(contexts[-1].new_page(), board, 'dates@example.com')

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize(
    ('locale', 'day', 'time'),
    [
        ('en-US', '{month} {day}, {year}', '2:05:07 PM'),
        ('en-GB', '{day} {month} {year}', '14:05:07'),
        ('de-DE', '{day} {month} {year}', '14:05:07'),
        ('fr-FR', '{day} {month} {year}', '14:05:07'),
        ('ja-JP', '{year} {month} {day}', '14:05:07'),
        ('ko-KR', '{year} {month} {day}', '2:05:07 PM'),
    ],
)
def test_server_and_browser_write_a_day_in_the_same_way(
    read_in: Callable[[str], Page], old: datetime, locale: str, day: str, time: str
) -> None:
    page = read_in(locale)
    written = day.format(day=old.day, month=f'{old:%b}', year=old.year)
    by_browser = page.locator('.panel-activity time').last
    expect(by_browser).to_have_text(written, timeout=LONG)
    expect(page.locator('.sentence-days')).to_contain_text(f'lowest on {written}', timeout=LONG)
    assert by_browser.get_attribute('title') == f'{old:%a}, {written}, {time} UTC'
    clock = r'^\d{1,2}:\d\d:\d\d [AP]M$' if time.endswith('PM') else r'^\d\d:\d\d:\d\d$'
    expect(page.locator('.as-of time')).to_have_text(re.compile(clock))

    page.goto(f'{page.url}?from={old.date()}')
    expect(page.locator('.chips')).to_contain_text(f'{written} or later', timeout=LONG)


def test_what_is_chosen_in_settings_counts_and_not_what_the_browser_asks_for(
    read_in: Callable[[str], Page], board: Board, old: datetime
) -> None:
    page = read_in('en-US')
    page.goto(f'{board.url}/settings')
    signed_in = page.locator('.session-row time').first
    expect(signed_in).to_have_attribute('title', re.compile(r'^\w{3}, \w{3} \d+, \d{4}, '), timeout=LONG)
    page.get_by_label('Numbers and dates').select_option('de-DE')
    try:
        expect(signed_in).to_have_attribute('title', re.compile(r'^\w{3}, \d+ \w{3} \d{4}, \d\d:'), timeout=LONG)
        page.goto(board.url)
        written = f'{old.day} {old:%b} {old.year}'
        expect(page.locator('.panel-activity time').last).to_have_text(written, timeout=LONG)
        expect(page.locator('.sentence-days')).to_contain_text(f'lowest on {written}', timeout=LONG)
    finally:
        page.goto(f'{board.url}/settings')
        page.get_by_label('Numbers and dates').select_option('browser')
        expect(page.get_by_text('Kept: numbers and dates')).to_be_visible(timeout=LONG)


def test_each_language_that_can_be_chosen_has_its_own_order_and_hours(page: Page) -> None:
    offered = [locale.value for locale in LOCALES if locale is not Locale.BROWSER]
    written = [number_format(locale).dates for locale in offered]
    ours = [
        [' '.join(NAMES[part] for part in re.findall('%-?[a-zA-Z]', dates.day)), '%p' in dates.time]
        for dates in written
    ]
    assert dict(zip(offered, ours, strict=True)) == dict(zip(offered, page.evaluate(ORDERS, offered), strict=True))


def test_an_alert_names_a_moment_as_the_page_does(browser: Browser, board: Board) -> None:
    email = 'silent@example.com'
    at = (datetime.now(UTC) - timedelta(days=3)).replace(hour=14, minute=5, second=7)
    with board.rest(board.add_user(email)) as rest:
        rest.post('/api/predictions', json=[{'customer_id': 'c', 'churn_score': 0.1, 'predicted_at': at.isoformat()}])
    context = browser.new_context(locale='en-US')
    page = enter(context.new_page(), board, email)
    message = page.locator('.alert-message', has_text='No new predictions since')
    written = f'{at:%b} {at.day}, {at.year}, 2:05 PM'
    expect(message).to_have_text(f'No new predictions since {written}', timeout=LONG)
    context.close()
