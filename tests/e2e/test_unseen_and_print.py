from __future__ import annotations

import itertools
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.board import Board
from tests.e2e.conftest import value

SignIn = Callable[[Board, str], Page]
LONG = 30_000
LOOK_AWAY = "Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' })"
LOOK = "delete document.visibilityState; document.dispatchEvent(new Event('visibilitychange'))"
CALM = [{'customer_id': f'c{number}', 'churn_score': 0.1} for number in range(5)]
ALARMING = [{'customer_id': f'c{number}', 'churn_score': 0.9, 'reasons': ['+Logins down']} for number in range(3)]


def icon(page: Page) -> str:
    return page.locator('link[rel~="icon"]').first.get_attribute('href') or ''


def test_a_critical_alert_that_nobody_saw_is_counted_in_the_title_until_the_board_is_looked_at(
    board: Board, sign_in: SignIn
) -> None:
    token = board.add_user('unseen@example.com')
    with board.rest(token) as rest:
        rest.post('/api/predictions', json=CALM)
        page = sign_in(board, 'unseen@example.com')
        expect(page.locator('[data-critical=""]')).to_be_attached(timeout=LONG)
        expect(page).to_have_title('Churnboard')
        plain = icon(page)

        page.evaluate(LOOK_AWAY)
        rest.post('/api/predictions', json=ALARMING)
    expect(page).to_have_title('(1) Churnboard', timeout=LONG)
    expect(page.locator('link[rel~="icon"]').first).to_have_attribute('href', re.compile('^data:image/png'))

    other = page.context.new_page()
    other.goto(f'{board.url}/settings')
    expect(other).to_have_title('(1) Settings · Churnboard', timeout=LONG)

    page.evaluate(LOOK)
    expect(page).to_have_title('Churnboard', timeout=LONG)
    expect(other).to_have_title('Settings · Churnboard', timeout=LONG)
    assert icon(page).endswith(plain)
    page.reload()
    expect(page.locator('[data-critical]:not([data-critical=""])')).to_be_attached(timeout=LONG)
    expect(page).to_have_title('Churnboard')


def test_on_paper_there_are_filters_as_words_and_no_buttons_black_on_white_in_the_dark_theme_too(
    board: Board, sign_in: SignIn, page: Page
) -> None:
    with board.rest(board.add_user('print@example.com')) as rest:
        rest.post('/api/predictions', json=[*CALM, *ALARMING])
    page.emulate_media(color_scheme='dark')
    sign_in(board, 'print@example.com')
    page.goto(f'{board.url}/?risk=high')
    expect(value(page, 'total_predictions')).to_have_text('3', timeout=LONG)

    page.emulate_media(media='print', color_scheme='dark')
    page.set_viewport_size({'width': 700, 'height': 900})
    expect(page.locator('.chips')).to_contain_text('high risk')
    for gone in ('.pages', '.updates', '.palette-open', '.toolbar', '.filters-body', '.menu', '.chip-remove', '.tip'):
        for element in page.locator(gone).all():
            expect(element).to_be_hidden()
    for there in ('.card-value', '.row', '.panel-activity', '.as-of'):
        expect(page.locator(there).first).to_be_visible()
    look = page.evaluate('(({ color, backgroundColor }) => [color, backgroundColor])(getComputedStyle(document.body))')
    assert look == ['rgb(0, 0, 0)', 'rgb(255, 255, 255)']
    light = page.evaluate("getComputedStyle(document.querySelector('.card-high_risk_predictions .card-value')).color")
    assert light == 'rgb(159, 18, 57)', 'the colours are those of the light theme'
    assert page.evaluate('document.documentElement.scrollWidth') <= 700


CHARTS = 4
numbers = itertools.count(1)
WATCH_PRINTING = """() => {
    window.print = () => {
        window.onPaper = document.querySelectorAll('.chart-frame:has(.main-svg)').length;
        window.noteOnPaper = document.querySelector('.print-note')?.textContent ?? '';
    };
}"""


@pytest.fixture
def phone(board: Board, sign_in: SignIn, page: Page) -> Page:
    """A board whose charts are all below the screen."""
    email = f'paper-{next(numbers)}@example.com'
    with board.rest(board.add_user(email)) as rest:
        rest.post('/api/predictions', json=[*CALM, *ALARMING])
    page.set_viewport_size({'width': 360, 'height': 640})
    sign_in(board, email)
    expect(value(page, 'total_predictions')).not_to_have_text('–', timeout=LONG)
    expect(page.locator('[data-lazy]')).to_have_count(CHARTS)
    expect(page.locator('.plot')).to_have_count(0)
    page.evaluate(WATCH_PRINTING)
    return page


@pytest.mark.parametrize('way', ['palette', 'keys'])
def test_printing_waits_for_charts_that_were_never_on_the_screen(phone: Page, way: str) -> None:
    if way == 'keys':
        phone.keyboard.press('Control+p')
    else:
        phone.keyboard.press('Control+k')
        phone.keyboard.type('print')
        phone.keyboard.press('Enter')
    phone.wait_for_function('window.onPaper !== undefined', timeout=LONG)
    assert phone.evaluate('window.onPaper') == CHARTS
    assert phone.evaluate('window.noteOnPaper') == ''


def test_a_browser_that_prints_by_itself_has_all_charts_the_next_time_and_says_what_is_missing_now(phone: Page) -> None:
    hold = '() => { window.sent = socket.emit; socket.emit = () => socket; }'
    phone.evaluate(hold)
    phone.emulate_media(media='print')
    said = "[...document.querySelectorAll('.chart-frame')].map((each) => getComputedStyle(each, '::after').content)"
    assert ['not drawn yet' in text for text in phone.evaluate(said)] == [True] * CHARTS
    phone.evaluate('() => { socket.emit = window.sent; }')
    phone.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    expect(phone.locator('.chart-frame:has(.main-svg)')).to_have_count(CHARTS, timeout=LONG)
    assert phone.evaluate(said) == ['none'] * CHARTS


def test_printing_waits_for_no_chart_that_cannot_come(phone: Page) -> None:
    phone.context.set_offline(True)
    phone.evaluate('socket.io.engine.close()')
    expect(phone.locator('.pill')).not_to_have_attribute('data-state', 'live', timeout=LONG)
    phone.keyboard.press('Control+p')
    phone.wait_for_function('window.onPaper !== undefined', timeout=LONG)
    assert phone.evaluate('window.onPaper') == 0
