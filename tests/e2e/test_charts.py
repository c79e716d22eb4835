"""The charts of the board: what they say, as a table, and zoomed."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.board import Board
from tests.e2e.conftest import now, value

SignIn = Callable[[Board, str], Page]
DAYS = 40
numbers = itertools.count(1)
RANGE = "element => element.layout.xaxis.range.map((end) => Date.parse(end.replace(' ', 'T')))"
WAIT = 30_000


class Person(NamedTuple):
    email: str
    token: str


@pytest.fixture
def person(board: Board) -> Person:
    """Somebody with a prediction on each of 40 days."""
    email = f'charts-{next(numbers)}@example.com'
    person = Person(email, board.add_user(email))
    start = datetime.now(UTC) - timedelta(days=DAYS - 1)
    rows = [
        {
            'customer_id': f'C-{number % 7}',
            'churn_score': number % 10 / 10,
            'predicted_at': (start + timedelta(days=number)).isoformat(),
        }
        for number in range(DAYS)
    ]
    with board.rest(person.token) as rest:
        rest.post('/api/predictions', json=rows).raise_for_status()
    return person


@pytest.fixture
def opened(board: Board, person: Person, sign_in: SignIn) -> Page:
    return sign_in(board, person.email)


def chart(page: Page, name: str) -> Locator:
    """A chart that has come near, and is drawn."""
    panel = page.locator(f'.panel-{name}')
    panel.scroll_into_view_if_needed(timeout=WAIT)
    expect(panel.locator('.nsewdrag').first).to_be_attached(timeout=WAIT)
    return panel


NARROWER = """most => {
    const axis = document.querySelector('.panel-retention .plot')._fullLayout.xaxis;
    return (axis.r2l(axis.range[1]) - axis.r2l(axis.range[0])) / 86_400_000 < most;
}"""
LATER = """first => {
    const axis = document.querySelector('.panel-retention .plot')._fullLayout.xaxis;
    return axis.r2l(axis.range[0]) > first;
}"""


def plot(panel: Locator) -> Locator:
    return panel.locator('.plot')


def width_in_days(panel: Locator) -> float:
    first, last = plot(panel).evaluate(RANGE)
    return float(last - first) / 86_400_000


def zoom(page: Page, panel: Locator) -> None:
    """Drag from a quarter of the chart to its half."""
    panel.scroll_into_view_if_needed()
    box = panel.locator('.nsewdrag').first.bounding_box()
    assert box
    middle = box['y'] + box['height'] / 2
    page.mouse.move(box['x'] + box['width'] / 4, middle)
    page.mouse.down()
    page.mouse.move(box['x'] + box['width'] / 2, middle + 5, steps=5)
    page.mouse.up()
    expect(panel.get_by_role('button', name='Reset zoom')).to_be_visible(timeout=WAIT)
    page.mouse.move(0, 0)


@pytest.mark.parametrize('name', ['days', 'retention', 'volume'])
def test_a_zoom_outlives_updates_and_the_button_ends_it(board: Board, person: Person, opened: Page, name: str) -> None:
    panel = chart(opened, name)
    reset = panel.get_by_role('button', name='Reset zoom')
    expect(reset).to_be_hidden()
    whole = width_in_days(panel)

    zoom(opened, panel)
    zoomed = width_in_days(panel)
    assert zoomed < whole / 3

    with board.rest(person.token) as rest:
        row = {'customer_id': 'NEW', 'churn_score': 0.9, 'predicted_at': now()}
        rest.post('/api/predictions', json=[row]).raise_for_status()
    expect(value(opened, 'total_predictions')).to_have_text(str(DAYS + 1), timeout=WAIT)
    opened.wait_for_function(
        'name => document.querySelector(`.panel-${name} .plot`).data.some(({ y }) => y.at(-1) !== y.at(-2))',
        arg=name,
        timeout=WAIT,
    )
    assert width_in_days(panel) == pytest.approx(zoomed)
    expect(reset).to_be_visible()

    reset.click()
    expect(reset).to_be_hidden(timeout=WAIT)
    assert width_in_days(panel) == pytest.approx(whole, abs=1)
    expect(panel.get_by_role('button', name='Show as table')).to_be_focused()


def test_a_double_click_ends_a_zoom_and_so_does_asking_for_other_days(opened: Page) -> None:
    panel = chart(opened, 'volume')
    reset = panel.get_by_role('button', name='Reset zoom')
    zoom(opened, panel)
    panel.locator('.nsewdrag').first.dblclick()
    expect(reset).to_be_hidden(timeout=WAIT)

    zoom(opened, panel)
    opened.get_by_role('button', name='30 days').click()
    expect(reset).to_be_hidden(timeout=WAIT)
    assert 28 < width_in_days(panel) < 32


def test_a_chart_is_zoomed_and_gone_along_by_keys(opened: Page) -> None:
    panel = chart(opened, 'retention')
    whole = width_in_days(panel)
    toggle, reset = panel.get_by_role('button', name='Show as table'), panel.get_by_role('button', name='Reset zoom')
    toggle.focus()
    for part in (2, 4):
        opened.keyboard.press('+')
        opened.wait_for_function(NARROWER, arg=whole / part * 1.01)
    first = plot(panel).evaluate(RANGE)[0]
    opened.keyboard.press('ArrowRight')
    opened.wait_for_function(LATER, arg=first)
    assert width_in_days(panel) == pytest.approx(whole / 4, rel=0.01)
    for _ in range(8):
        opened.keyboard.press('ArrowRight')
    opened.keyboard.press('-')
    opened.wait_for_function(f'whole => !({NARROWER})(whole)', arg=whole / 3)
    expect(reset).to_be_visible()
    opened.keyboard.press('-')
    expect(reset).to_be_hidden(timeout=WAIT)
    assert width_in_days(panel) == pytest.approx(whole, abs=1)
    expect(toggle).to_be_focused()
    opened.keyboard.press('-')
    opened.keyboard.press('ArrowLeft')
    assert width_in_days(panel) == pytest.approx(whole, abs=1), 'there is nothing more'


def test_scores_are_not_zoomed(opened: Page) -> None:
    panel = chart(opened, 'scores')
    expect(panel.get_by_role('button', name='Reset zoom')).to_be_hidden()
    assert plot(panel).evaluate('element => element.layout.dragmode') is False


def test_t_makes_a_table_of_the_chart_under_the_pointer_and_of_the_one_with_the_focus(opened: Page) -> None:
    retention, volume = chart(opened, 'retention'), chart(opened, 'volume')
    tables = opened.locator('.chart-table:visible')
    opened.mouse.move(0, 0)
    opened.keyboard.press('t')
    expect(tables).to_have_count(0)

    retention.get_by_role('heading').hover()
    opened.keyboard.press('t')
    expect(retention.locator('.chart-table')).to_be_visible(timeout=WAIT)
    expect(retention.locator('tbody tr')).to_have_count(DAYS)
    expect(tables).to_have_count(1)

    volume.get_by_role('button', name='Show as table').focus()
    opened.keyboard.press('t')
    expect(volume.locator('.chart-table')).to_be_visible(timeout=WAIT)
    expect(tables).to_have_count(2)
    volume.locator('.chart-table').focus()
    opened.keyboard.press('t')
    expect(volume.locator('.chart-table')).to_be_hidden(timeout=WAIT)
    expect(volume.get_by_role('button', name='Show as table')).to_be_focused()
    expect(plot(volume).locator('.main-svg').first).to_be_visible()


def test_t_is_a_letter_where_something_is_typed(opened: Page) -> None:
    retention = chart(opened, 'retention')
    opened.get_by_label('Customer').first.focus()
    retention.get_by_role('heading').hover()
    opened.keyboard.press('t')
    expect(opened.get_by_label('Customer').first).to_have_value('t')
    expect(opened.locator('.chart-table:visible')).to_have_count(0)


def test_a_chart_that_was_asked_for_when_the_link_broke_is_asked_for_again(opened: Page) -> None:
    opened.set_viewport_size({'width': 390, 'height': 800})
    chart(opened, 'scores')  # plotly.js is there, and the page no longer busy
    opened.evaluate('() => { socket.emit = () => socket; }')
    volume = opened.locator('.panel-volume')
    volume.scroll_into_view_if_needed()
    opened.wait_for_timeout(1_000)  # nothing is to be waited for: what is asked gets lost
    expect(volume.locator('.plot')).to_have_count(0)
    opened.evaluate('delete socket.emit; socket.io.engine.close()')
    expect(volume.locator('.nsewdrag').first).to_be_attached(timeout=WAIT)


@pytest.mark.browser_context_args(has_touch=True, is_mobile=True, viewport={'width': 390, 'height': 800})
def test_a_finger_that_begins_on_a_chart_scrolls_the_page(opened: Page) -> None:
    panel = chart(opened, 'volume')
    box = panel.locator('.nsewdrag').first.bounding_box()
    assert box
    before = opened.evaluate('window.scrollY')
    x, y = box['x'] + box['width'] / 2, box['y'] + box['height'] / 2
    browser = opened.context.new_cdp_session(opened)
    for step in range(6):
        kind = 'touchMove' if step else 'touchStart'
        browser.send('Input.dispatchTouchEvent', {'type': kind, 'touchPoints': [{'x': x, 'y': y - 40 * step}]})
    browser.send('Input.dispatchTouchEvent', {'type': 'touchEnd', 'touchPoints': []})
    opened.wait_for_function('before => window.scrollY > before + 50', arg=before, timeout=WAIT)
    expect(panel.get_by_role('button', name='Reset zoom')).to_be_hidden()
