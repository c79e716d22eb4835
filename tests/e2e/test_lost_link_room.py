"""What a lost link has to say has its room at every width: nothing moves for it, and nothing is behind it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.board import Board
from tests.e2e.conftest import value
from tests.e2e.network import Network
from tests.e2e.shifts import shifts, watch_shifts

EMAIL = 'lena-of-the-narrow-screen@example.com'
WIDTHS = (320, 359, 360, 412, 500, 501, 600, 699, 700, 768, 940, 941, 1024, 1140, 1141, 1280, 1440)
"""Of phones, tablets and screens, and both sides of each width at which the header is another one."""

SignIn = Callable[[Board, str], Page]
HEADER = """() => {
    const parts = ['.brand', '.pages', '.pill', '.as-of', '.updates', '.palette-open', '.menu'];
    const seen = [...document.querySelectorAll(`.top :is(${parts})`)]
        .filter((each) => each.checkVisibility());
    const boxes = seen.flatMap((element) => {
        const text = document.createRange();
        text.selectNodeContents(element);
        const own = element.matches('.as-of') ? [...text.getClientRects()] : [element.getBoundingClientRect()];
        return own.map((box) => ({ name: element.classList[0], ...box.toJSON() }));
    });
    const meet = (a, b) => a.name !== b.name && a.right > b.left + 0.5 && a.left < b.right - 0.5
        && a.bottom > b.top + 0.5 && a.top < b.bottom - 0.5;
    const covered = boxes.filter((box) => boxes.some((other) => meet(box, other)) || box.right > innerWidth);
    return {
        height: document.querySelector('.top').getBoundingClientRect().height,
        covered: [...new Set(covered.map(({ name }) => name))],
        wide: document.documentElement.scrollWidth > innerWidth,
    };
}"""


def headers(page: Page) -> dict[int, Any]:
    """How high the header is at each width, what is behind something else in it, and whether the page is too wide."""
    found = {}
    for width in WIDTHS:
        page.set_viewport_size({'width': width, 'height': 800})
        found[width] = page.evaluate(HEADER)
    return found


def test_the_header_has_room_for_a_lost_link_and_nothing_moves_for_it(
    board: Board, page: Page, sign_in: SignIn
) -> None:
    network = Network(page)
    with board.rest(board.add_user(EMAIL)) as rest:
        rest.post('/api/predictions', json=[{'customer_id': 'c1', 'churn_score': 0.9}]).raise_for_status()
    sign_in(board, EMAIL)
    expect(value(page, 'total_predictions')).to_have_text('1')
    expect(page.locator('.pill')).to_have_text('Live')
    live = headers(page)
    assert {width: each for width, each in live.items() if each['covered'] or each['wide']} == {}
    network.cut()
    expect(page.locator('.retry')).to_contain_text('of 5', timeout=30_000)
    assert headers(page) == live
    expect(page.locator('.as-of')).to_contain_text('Data from', timeout=30_000)
    assert headers(page) == live
    expect(page.locator('.pill')).to_have_text('Polling', timeout=60_000)
    assert headers(page) == live
    network.heal()


@pytest.mark.parametrize('width', [360, 768, 1024, 1280])
def test_a_lost_link_moves_nothing(board: Board, page: Page, sign_in: SignIn, width: int) -> None:
    network = Network(page)
    page.set_viewport_size({'width': width, 'height': 800})
    email = f'{width}-{EMAIL}'
    with board.rest(board.add_user(email)) as rest:
        rest.post('/api/predictions', json=[{'customer_id': 'c1', 'churn_score': 0.9}]).raise_for_status()
    sign_in(board, email)
    expect(page.locator('.pill')).to_have_text('Live')
    expect(value(page, 'total_predictions')).to_have_text('1')
    page.wait_for_timeout(1_000)
    watch_shifts(page)
    network.cut()
    expect(page.locator('.card-title .age').first).to_have_text(re.compile('s ago'), timeout=60_000)
    expect(page.locator('.as-of')).to_contain_text('Data from', timeout=60_000)
    retry = page.get_by_role('button', name='Reconnect now')
    box = retry.bounding_box()
    assert box
    assert box['height'] >= 24
    assert box['x'] >= 0
    assert box['x'] + box['width'] <= width
    network.heal()
    retry.click()
    expect(page.locator('.pill')).to_have_text('Live', timeout=30_000)
    expect(retry).to_be_hidden()
    assert shifts(page) == []
