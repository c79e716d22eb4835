"""A tab of ``bench page`` is to the server what a browser's tab is: it gets what that gets."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from playwright.sync_api import Page, expect

from app.security import COOKIE
from benchmarks.page_tabs import Tabs
from tests.board import Board
from tests.e2e.conftest import now, value

SignIn = Callable[[Board, str], Page]

DORA = 'dora@example.com'
TALL = {'width': 1440, 'height': 4000}
"""All charts are near: the tab takes them to be."""


class TabOfItsOwn:
    """A tab on a loop of its own: Playwright has taken this thread's."""

    def __init__(self, port: int, cookie: str) -> None:
        self.elements: Future[dict[str, Any]] = Future()
        self._ready = threading.Event()
        self._done = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._run(port, cookie)), daemon=True).start()
        assert self._ready.wait(30), self.elements

    async def _run(self, port: int, cookie: str) -> None:
        tabs = Tabs(port)
        await tabs.connect([cookie], keep=1)
        self._ready.set()
        await asyncio.to_thread(self._done.wait, 60)
        assert (tabs.heard.lost, tabs.heard.gone) == (0, 0)
        self.elements.set_result(tabs.kept[0].elements)
        await tabs.disconnect()

    def end(self) -> dict[str, Any]:
        self._done.set()
        return self.elements.result(timeout=10)


TIMES = ('data-as-of', 'data-left')


def seen(elements: dict[str, Any]) -> dict[str, Any]:
    """What a person would see of them: without ids of listeners, and the time, which goes on between two looks."""
    return {
        number: {
            'tag': element['tag'],
            'text': element.get('text'),
            'class': element.get('class') or [],
            'props': {name: drawn(prop) for name, prop in (element.get('props') or {}).items() if name not in TIMES},
            'children': element.get('children') or [],
            'events': [event['type'] for event in element.get('events') or []],
        }
        for number, element in elements.items()
    }


def drawn(prop: Any) -> Any:
    """A property; of a chart only its data, as plotly.js writes into all the rest."""
    return [(trace['x'], trace['y']) for trace in prop['data']] if isinstance(prop, dict) and 'data' in prop else prop


def test_a_tab_of_the_benchmark_shows_what_a_browser_shows(board: Board, sign_in: SignIn, page: Page) -> None:
    token = board.add_user(DORA)
    with board.rest(token) as rest:
        rows = [{'customer_id': f'D-{n}', 'churn_score': n / 40, 'reasons': ['+ Price']} for n in range(40)]
        assert rest.post('/api/predictions', json=rows).status_code == 200
        page.set_viewport_size(TALL)  # type: ignore[arg-type]
        sign_in(board, DORA)
        expect(page.locator('.js-plotly-plot .main-svg').first).to_be_visible(timeout=20_000)
        expect(page.locator('.js-plotly-plot')).to_have_count(4)
        cookie = next(each['value'] for each in page.context.cookies() if each['name'] == COOKIE)
        tab = TabOfItsOwn(board.port, f'{COOKIE}={cookie}')

        for number in range(3):
            row = {'customer_id': f'NEW-{number}', 'churn_score': 0.9, 'predicted_at': now()}
            assert rest.post('/api/predictions', json=[row]).status_code == 200
            expect(value(page, 'total_predictions')).to_have_text(str(41 + number))
            page.wait_for_timeout(1500)

    assert seen(tab.end()) == seen(page.evaluate('mounted_app.elements'))
