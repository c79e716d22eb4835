"""How long a real browser takes to show the board, and what it loads for that, with nothing cached."""

from __future__ import annotations

import asyncio
import gzip
import importlib.util
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.session_cookie import COOKIE
from tests.chromium import launch_options

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page, Request

WIDTH, HEIGHT = 1440, 900
PAINT_SECONDS = 30

WATCH = """
(() => {
  const shown = window.churnboardShown = {};
  const note = (name) => {
    shown[name] = 0;
    requestAnimationFrame(() => setTimeout(() => settle(name, performance.now()))); // after it was drawn
  };
  // What is drawn while style sheets are waited for is seen by nobody: the browser tells when it showed anything.
  const settle = (name, at) => {
    const [first] = performance.getEntriesByName('first-contentful-paint');
    if (first) shown[name] = Math.max(at, first.startTime);
    else setTimeout(() => settle(name, at), 10);
  };
  const drawn = (chart) => chart.querySelector('.main-svg .trace, .main-svg .scatterlayer path');
  const look = () => {
    const number = document.querySelector('.metrics:not(.loading) .card-value');
    const isThere = /[0-9]/.test(number?.textContent ?? '') && !number.closest('[hidden]');
    if (shown.number === undefined && isThere) note('number');
    if (!shown.number || shown.charts !== undefined) return;
    const charts = [...document.querySelectorAll('[data-lazy]')];
    const next = charts.find((chart) => !drawn(chart));
    if (next) next.scrollIntoView({ block: 'center' });
    else if (charts.length) note('charts');
  };
  const all = { subtree: true, childList: true, characterData: true, attributeFilter: ['hidden'] };
  new MutationObserver(look).observe(document, all);
  setInterval(look, 20);
})();
"""
"""Notes when the first number was painted, whoever drew it: the page, or the server's picture of it. Then goes from
chart to chart until all are drawn; milliseconds."""


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """One file that a page needed."""

    path: str
    wire: float
    """Bytes as they came."""
    packed: float
    """Bytes as they would have come at best, by gzip."""


@dataclass(frozen=True, kw_only=True)
class Painted:
    """What several loads of the page took, at the median."""

    number: float
    """Milliseconds until the first number was painted."""
    charts: float
    """Milliseconds until all charts were."""
    before: list[Loaded] = field(default_factory=list)
    """What had come by the first number, the largest first."""


async def painted(port: int, cookie_id: str, *, loads: int, tell: Callable[[str], None]) -> Painted | None:
    """Load the board a number of times after once to warm up; ``None``: there is no browser here, which is told.

    :param cookie_id: of a signed-in session.
    """
    if not importlib.util.find_spec('playwright'):
        tell('Playwright is not installed: nothing is measured in a browser.')
        return None
    from playwright.async_api import Error, async_playwright  # noqa: PLC0415 - an extra for development

    options: Any = launch_options()
    async with async_playwright() as playwright:
        try:
            browser = await playwright.chromium.launch(**options)
        except Error as error:
            tell(f'Chromium could not be started, nothing is measured in a browser: {error.message.splitlines()[0]}')
            return None
        try:
            found = [await _load(browser, port, cookie_id) for _ in range(loads + 1)][1:]
        finally:
            await browser.close()
    return Painted(
        number=statistics.median(one.number for one in found),
        charts=statistics.median(one.charts for one in found),
        before=sorted(found, key=lambda one: one.number)[len(found) // 2].before,
    )


async def _load(browser: Browser, port: int, cookie_id: str) -> Painted:
    url = f'http://127.0.0.1:{port}'
    context = await browser.new_context(viewport={'width': WIDTH, 'height': HEIGHT})
    try:
        await context.add_cookies([{'name': COOKIE, 'value': cookie_id, 'url': url}])
        await context.add_init_script(WATCH)
        page = await context.new_page()
        finished: list[Request] = []
        page.on('requestfinished', lambda one: finished.append(one))  # noqa: PLW0108 -- it marks what it is given
        await page.goto(url, wait_until='commit')
        shown = await _shown(page)
        origin = await page.evaluate('performance.timeOrigin')
        needed = [one for one in finished if _end_of(one) <= origin + shown['number']]
        before = [await _loaded(one) for one in needed]
        before.sort(key=lambda one: one.packed, reverse=True)
        return Painted(number=shown['number'], charts=shown['charts'], before=before)
    finally:
        await context.close()


async def _shown(page: Page) -> dict[str, float]:
    done = 'window.churnboardShown.charts > 0'
    await page.wait_for_function(done, timeout=1000 * PAINT_SECONDS)
    await asyncio.sleep(0.2)  # for what is still said of the requests
    shown: dict[str, float] = await page.evaluate('window.churnboardShown')
    return shown


def _end_of(request: Request) -> float:
    """Milliseconds since 1970; one that came from nowhere has no times."""
    timing: dict[str, Any] = request.timing  # type: ignore[assignment]
    return float(timing['startTime']) + max(0.0, float(timing['responseEnd']))


async def _loaded(request: Request) -> Loaded:
    response = await request.response()
    assert response
    sizes, body = await request.sizes(), await response.body()
    path = request.url.partition('?')[0].split('/', 3)[3] or '/'
    return Loaded(path=path, wire=sizes['responseBodySize'], packed=len(gzip.compress(body, 9)))
