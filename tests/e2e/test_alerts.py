"""Alerts that start and end while somebody reads."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.board import Board
from tests.e2e.axe import expect_accessible
from tests.e2e.shifts import shifts, watch_shifts

SignIn = Callable[[Board, str], Page]
CUSTOMERS = 20
people = itertools.count(1)


def score(rest: httpx.Client, *, high: int) -> None:
    rows = [
        {'customer_id': f'c{number:02}', 'churn_score': 0.9 if number < high else 0.3} for number in range(CUSTOMERS)
    ]
    rest.post('/api/predictions', json=rows).raise_for_status()


@pytest.mark.parametrize('width', [1440, 768, 360])
def test_an_alert_that_starts_or_ends_moves_nothing(board: Board, sign_in: SignIn, width: int) -> None:
    email = f'al-{next(people)}-of-alerts@example.com'
    with board.rest(board.add_user(email)) as rest:
        score(rest, high=0)
        page = sign_in(board, email)
        expect(page.locator('[data-connection]')).to_contain_text('Live')
        page.set_viewport_size({'width': width, 'height': 1000})
        panel = page.locator('.panel-alerts')
        for chart in page.locator('[data-lazy]').all():
            chart.scroll_into_view_if_needed()
            expect(chart.locator('.main-svg').first).to_be_visible(timeout=60_000)
        panel.scroll_into_view_if_needed()
        expect(panel).to_contain_text('Nothing needs your attention.')
        page.wait_for_timeout(1_000)  # what the new width moves is the reader's doing
        watch_shifts(page)
        place = panel.bounding_box()
        for high, alerts in ((4, 1), (0, 0), (10, 2)):
            score(rest, high=high)
            expect(panel.locator('.alert')).to_have_count(alerts, timeout=60_000)
        expect(panel.locator('.alert').first).to_contain_text('Critical')
        expect(panel.locator('.alert').first).to_be_in_viewport(ratio=1)
        page.wait_for_timeout(500)
        assert shifts(page) == []
        assert panel.bounding_box() == place
        if width == 360:
            expect(panel).to_have_attribute('data-more', '1 more ↓')
        else:
            expect(panel).not_to_have_attribute('data-more', re.compile('.'))


def test_what_there_is_no_room_for_is_scrolled_to_by_keys_and_has_room_when_the_page_is_loaded_again(
    board: Board, sign_in: SignIn
) -> None:
    email = f'al-{next(people)}-of-alerts@example.com'
    with board.rest(board.add_user(email)) as rest:
        score(rest, high=0)
        page = sign_in(board, email)
        page.set_viewport_size({'width': 360, 'height': 740})
        expect(page.locator('[data-connection]')).to_contain_text('Live')
        score(rest, high=10)
    listed = page.get_by_role('list').filter(has=page.locator('.alert'))
    expect(listed.locator('.alert')).to_have_count(2, timeout=60_000)
    expect(page.locator('.panel-alerts .panel-note')).to_have_text('2 active, whatever the filters')
    expect_accessible(page, '.panel-alerts')
    listed.focus()
    panel = page.locator('.panel-alerts')
    expect(panel).to_have_attribute('data-more', '1 more ↓')
    page.keyboard.press('End')
    expect(listed.locator('.alert').last).to_be_in_viewport(ratio=0.9)
    expect(panel).not_to_have_attribute('data-more', re.compile('.'))
    page.reload()
    expect(listed.locator('.alert')).to_have_count(2)
    assert listed.evaluate('list => list.scrollHeight <= list.clientHeight'), 'both are seen at once'
