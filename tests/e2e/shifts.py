"""What moved on a page without the reader's doing."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

_WATCH = """
window.shifts = [];
// rows take their new places, and a link that is lost is told of: neither may move what is around it
const MAY = '.rows, .activity-rows, .connection';
const may = (node) => Boolean((node?.closest ? node : node?.parentElement)?.closest(MAY));
new PerformanceObserver((list) => {
    for (const { value, hadRecentInput, sources } of list.getEntries()) {
        const moved = sources.filter(({ node }) => !may(node));
        const names = moved.map(({ node }) => `${node?.className ?? node} in ${node?.parentElement?.className}`);
        const { link } = document.documentElement.dataset;
        if (!hadRecentInput && moved.length) window.shifts.push([value, link, ...names]);
    }
}).observe({ type: 'layout-shift', buffered: false });
"""


def watch_shifts(page: Page) -> None:
    page.evaluate(_WATCH)


def shifts(page: Page) -> Any:
    """Since they are watched: how much, the state of the link, and what it was."""
    return page.evaluate('window.shifts')
