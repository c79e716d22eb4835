"""The board before its scripts have come, and the moment they take over."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.board import Board
from tests.e2e.conftest import enter

PAGE_COLOUR = {'light': 'rgb(245, 246, 248)', 'dark': 'rgb(14, 19, 27)'}
SCRIPTS = re.compile(r'\.js(\?|$)')
SignIn = Callable[[Board, str], Page]
ALL = """
window.shifts = [];
new PerformanceObserver((list) => {
    for (const { value, sources } of list.getEntries()) {
        const moved = ({ node, previousRect: a, currentRect: b }) =>
            `${node?.className ?? node} in ${node?.parentElement?.className}: ${a.x} ${a.y} to ${b.x} ${b.y}`;
        window.shifts.push([value, ...sources.map(moved)]);
    }
}).observe({ type: 'layout-shift', buffered: true });
window.both = 0;
window.neither = 0;
const count = () => {
    const cards = document.querySelectorAll('.card-value').length;
    if (cards > 9) window.both += 1;
    if (window.seen && !cards) window.neither += 1;
    window.seen = window.seen || cards > 0;
    requestAnimationFrame(count);
};
requestAnimationFrame(count);
"""
"""From the first frame on: what moved, and frames that show the numbers twice, or no longer."""

PLACES = """(within) => [...document.querySelectorAll(`${within} :is(.top, .brand, .controls, .field, .toolbar, .card,
        .card-value, .card-change, .panels)`)]
    .filter((each) => each.checkVisibility())
    .map((each) => [each.className.trim(), ...['x', 'y', 'width'].map((side) => each.getBoundingClientRect()[side])])"""


@pytest.fixture(scope='module')
def reader(board: Board) -> str:
    """Scored 12 customers, of whom 3 are at high risk."""
    email = 'pia-of-the-picture@example.com'
    with board.rest(board.add_user(email)) as rest:
        post(rest, *(0.9 if number < 3 else 0.2 for number in range(12)))
    return email


def post(rest: httpx.Client, *scores: float) -> None:
    rows = [{'customer_id': f'p{number:02}', 'churn_score': score} for number, score in enumerate(scores)]
    assert rest.post('/api/predictions', json=rows).status_code == 200


@contextmanager
def scripts_held(page: Page) -> Iterator[None]:
    """No script file comes until the end of it; what is in the page itself runs."""
    held: list[Route] = []
    is_held = True

    def handle(route: Route) -> None:
        if is_held:
            held.append(route)
        else:
            route.continue_()

    page.route(SCRIPTS, handle)
    yield
    is_held = False
    for route in held:
        route.continue_()


def see(page: Page, url: str) -> None:
    """Load a board whose numbers are in its picture: a server that is busy sends it without, and they come later."""
    for _ in range(20):
        page.goto(url, wait_until='commit')
        page.locator('.first-picture:not([hidden])').wait_for()
        if page.locator('.first-picture .board-body').count() and not page.locator('.first-picture .loading').count():
            return
    raise AssertionError('no picture has numbers')


def numbers(page: Page) -> list[str]:
    return page.locator('.card-value:visible').all_inner_texts()


@pytest.mark.parametrize('width', [1440, 360])
def test_the_numbers_are_there_before_any_script(
    board: Board, sign_in: SignIn, page: Page, reader: str, width: int
) -> None:
    page.set_viewport_size({'width': width, 'height': 900})
    sign_in(board, reader)
    expect(page.locator('#app .card-total_predictions .card-value')).to_have_text('12')
    page.add_init_script(ALL)
    with scripts_held(page):
        see(page, board.url)
        expect(page.locator('.first-picture .card-total_predictions .card-value')).to_be_visible()
        before = numbers(page)
        places = page.evaluate(PLACES, '.first-picture')
        assert page.locator('#app *').count() == 0
        assert page.get_by_role('button').count() == 0, 'nobody is offered what does not work yet'
    expect(page.locator('.pill')).to_contain_text('Live')
    assert '12' in before
    assert '3' in before
    assert numbers(page) == before
    assert page.locator('.first-picture').count() == 0
    assert page.locator('.card-value').count() == 9
    assert page.evaluate(PLACES, '#app')[: len(places)] == places
    assert page.evaluate('[both, neither, shifts]') == [0, 0, []]
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(({ id }) => id)")
    assert len(ids) == len(set(ids))


def test_the_picture_keeps_to_the_filters_of_the_address(
    board: Board, sign_in: SignIn, page: Page, reader: str
) -> None:
    sign_in(board, reader)
    page.goto(f'{board.url}/?risk=high&q=p0')  # worked out once: at hand the next time
    expect(page.locator('#app .card-total_predictions .card-value')).to_have_text('3')
    with scripts_held(page):
        see(page, f'{board.url}/?risk=high&q=p0')
        picture = page.locator('.first-picture')
        expect(picture.locator('.card-total_predictions .card-value')).to_have_text('3')
        assert picture.locator('.field-q input').input_value() == 'p0'
        assert picture.locator('.choice-high[aria-pressed=true]').count() == 1
    expect(page.locator('#app .card-total_predictions .card-value')).to_have_text('3')


@pytest.mark.parametrize('scheme', PAGE_COLOUR)
def test_the_picture_has_the_colours_of_the_page(
    board: Board, sign_in: SignIn, page: Page, reader: str, scheme: str
) -> None:
    page.emulate_media(color_scheme='dark' if scheme == 'dark' else 'light')
    sign_in(board, reader)
    with scripts_held(page):
        see(page, board.url)
        expect(page.locator('.first-picture .card-value').first).to_be_visible()
        assert page.evaluate('getComputedStyle(document.body).backgroundColor') == PAGE_COLOUR[scheme]


def test_who_signs_in_next_sees_nothing_of_who_was_there_before(
    board: Board, sign_in: SignIn, page: Page, reader: str
) -> None:
    sign_in(board, reader)
    expect(page.locator('#app .card-total_predictions .card-value')).to_have_text('12')
    page.context.clear_cookies()
    other = 'otto-of-the-picture@example.com'
    with board.rest(board.add_user(other)) as rest:
        post(rest, 0.9)
    enter(page, board, other)
    expect(page.locator('#app .card-total_predictions .card-value')).to_have_text('1')
    with scripts_held(page):
        see(page, board.url)
        expect(page.locator('.first-picture .card-total_predictions .card-value')).to_have_text('1')


def test_an_empty_board_says_so_at_once(board: Board, sign_in: SignIn, page: Page) -> None:
    email = 'nora-of-no-picture@example.com'
    board.add_user(email)
    sign_in(board, email)
    expect(page.locator('#app .empty:visible')).to_be_visible()
    with scripts_held(page):
        see(page, board.url)
        expect(page.locator('.first-picture .empty:visible')).to_be_visible()
        expect(page.locator('.first-picture .metrics')).to_have_count(0)
    expect(page.locator('#app .empty:visible')).to_be_visible()
    assert page.locator('.empty:visible').count() == 1
