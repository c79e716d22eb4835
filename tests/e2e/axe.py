"""axe-core in an open page: what of the WCAG a machine can find."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

SOURCE = (files('axe_playwright_python') / 'axe.min.js').read_text()
TAGS = ('wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice')
OPTIONS = {
    'runOnly': {'type': 'tag', 'values': TAGS},
    'rules': {'target-size': {'enabled': True}},
    'resultTypes': ['violations'],
    'preload': False,
}
EVERY = ((1440, 'light'), (1440, 'dark'), (360, 'light'), (360, 'dark'))
"""How a page may look: on a desk or a phone, in either theme."""
BOTH = ((1440, 'light'), (360, 'dark'))
"""Each width and each theme once: for another state of a page that was looked at in every way, in half the time."""


def violations(page: Page, part: str = ':root') -> list[str]:
    """What is wrong with the page as it stands: the rule, the element, and what to do about it.

    :param part: the part that is new, where it lies above the others: what it hides is not to be clicked anyway.
    """
    if page.evaluate('typeof axe') == 'undefined':
        page.evaluate(SOURCE)
    results: dict[str, Any] = page.evaluate('([part, options]) => axe.run(part, options)', [part, OPTIONS])
    return [
        f'{rule["id"]}: {" ".join(map(str, node["target"]))}: {node["failureSummary"]}'
        for rule in results['violations']
        for node in rule['nodes']
    ]


def expect_accessible(page: Page, part: str = ':root', *, looks: Sequence[tuple[int, Any]] = EVERY) -> None:
    found = []
    for width, colours in looks:
        page.set_viewport_size({'width': width, 'height': 900})
        page.emulate_media(color_scheme=colours)
        page.evaluate('window.scrollTo(0, 0)')  # what lies half under the header is not too small
        found += [f'{width} px, {colours}: {each}' for each in violations(page, part)]
    assert not found, '\n'.join(found)
