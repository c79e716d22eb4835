"""What a person calls the browser they sign in with, and the device it runs on: enough to know it again in a list."""

from __future__ import annotations

BROWSERS = (
    ('Edg', 'Edge'),
    ('OPR/', 'Opera'),
    ('SamsungBrowser/', 'Samsung Internet'),
    ('Firefox/', 'Firefox'),
    ('FxiOS/', 'Firefox'),
    ('Chrome/', 'Chrome'),
    ('CriOS/', 'Chrome'),
    ('Safari/', 'Safari'),
)
"""Each names itself after those it descends from: the first that is found is the one."""

SYSTEMS = (
    ('iPhone', 'iPhone'),
    ('iPad', 'iPad'),
    ('Android', 'Android'),
    ('Windows', 'Windows'),
    ('CrOS', 'ChromeOS'),
    ('Mac OS X', 'macOS'),
    ('Linux', 'Linux'),
)

LONGEST = 1_000
"""Characters that are looked at."""


def browser_name(user_agent: str) -> str:
    """ "Firefox on Linux"; empty of what is no browser that is known. Never longer than the words of these lists."""
    text = user_agent[:LONGEST]
    browser = next((name for mark, name in BROWSERS if mark in text), '')
    system = next((name for mark, name in SYSTEMS if mark in text), '')
    return f'{browser} on {system}' if browser and system else browser
