"""A board that is left open: what the browser holds does not grow with the time it has been looked at."""

from __future__ import annotations

import logging
import os
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx
import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.board import Board
from tests.e2e.conftest import enter, value

log = logging.getLogger(__name__)

PERSON = 'sol-of-soaks@example.com'
SECONDS = float(os.environ.get('CHURNBOARD_SOAK_SECONDS') or 30 * 60)
WARM_UP = 60.0
EVERY = 10.0
CUSTOMERS = 40


@dataclass(frozen=True)
class Held:
    """What the page holds once its garbage is collected."""

    heap_mb: float
    nodes: int
    listeners: int


class Gauge:
    def __init__(self, page: Page) -> None:
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._session.send('Performance.enable')

    def read(self) -> Held:
        self._session.send('HeapProfiler.collectGarbage')
        metrics = {each['name']: each['value'] for each in self._session.send('Performance.getMetrics')['metrics']}
        return Held(
            heap_mb=round(metrics['JSHeapUsedSize'] / 1e6, 2),
            nodes=int(metrics['Nodes']),
            listeners=int(metrics['JSEventListeners']),
        )


class Witness:
    """What the browser said and where it went, each with its second: the server cannot tell why a page began anew."""

    def __init__(self, page: Page) -> None:
        self._begun = time.monotonic()
        self.seen: list[str] = []
        page.on('console', lambda message: self._note(f'{message.type}: {message.text}'))
        page.on('pageerror', lambda error: self._note(f'error: {error}'))
        page.on('framenavigated', lambda frame: self._note(f'at {frame.url}'))
        page.on('websocket', lambda link: self._note(f'link {link.url}'))

    def _note(self, what: str) -> None:
        self.seen.append(f'{time.monotonic() - self._begun:.1f} s {what}')
        log.info('%s', self.seen[-1])


def score(rest: httpx.Client, chance: random.Random) -> None:
    number = chance.randrange(CUSTOMERS)
    row = {'customer_id': f'C-{number}', 'customer_name': f'Firma {number}', 'churn_score': round(chance.random(), 3)}
    rest.post('/api/predictions', json=[row]).raise_for_status()


def soak(page: Page, rest: httpx.Client, *, seconds: float) -> list[Held]:
    """A new score every second; what the page holds, every so often."""
    chance, gauge, readings = random.Random(1), Gauge(page), []
    end = time.monotonic() + seconds
    while (turn := time.monotonic()) < end:
        while time.monotonic() < turn + EVERY:
            score(rest, chance)
            page.wait_for_timeout(1_000)
        readings.append(gauge.read())
        log.info('%.0f s to go: %s', end - time.monotonic(), readings[-1])
    return readings


def assert_flat(what: str, numbers: Sequence[float], *, slack: float) -> None:
    """The last third is no more than a tenth, and ``slack``, above the first."""
    third = max(1, len(numbers) // 3)
    first, last = median(numbers[:third]), median(numbers[-third:])
    assert last <= 1.1 * first + slack, f'{what} grew from {first} to {last}: {list(numbers)}'


@pytest.mark.long
@pytest.mark.timeout(SECONDS + 600)
def test_a_board_that_changes_every_second_holds_no_more_the_longer_it_is_open(tmp_path: Path, page: Page) -> None:
    board = Board(tmp_path, settings={'REFRESH_SECONDS': '1'})
    board.start()
    try:
        with board.rest(board.add_user(PERSON)) as rest:
            for seed in range(CUSTOMERS):
                score(rest, random.Random(seed))
            enter(page, board, PERSON)
            witness = Witness(page)
            for chart in page.locator('[data-lazy]').all():
                chart.scroll_into_view_if_needed()
                expect(chart.locator('.main-svg').first).to_be_visible(timeout=60_000)
            page.evaluate('window.notReloaded = true')
            soak(page, rest, seconds=min(WARM_UP, SECONDS / 4))
            readings = soak(page, rest, seconds=SECONDS)
            total = int(value(page, 'total_predictions').inner_text().replace(',', ''))
            assert total > SECONDS / 4, 'it followed'
            assert page.evaluate('window.notReloaded') is True, witness.seen
    finally:
        board.stop()
    assert_flat('the heap in MB', [held.heap_mb for held in readings], slack=1.0)
    assert_flat('the number of DOM nodes', [held.nodes for held in readings], slack=200)
    assert_flat('the number of listeners', [held.listeners for held in readings], slack=100)
