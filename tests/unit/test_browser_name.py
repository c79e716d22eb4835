from __future__ import annotations

import pytest

from services.browser_name import browser_name

WEBKIT = 'AppleWebKit/537.36 (KHTML, like Gecko)'
WINDOWS = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)'


@pytest.mark.parametrize(
    ('user_agent', 'name'),
    [
        ('Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0', 'Firefox on Linux'),
        (f'{WINDOWS} {WEBKIT} Chrome/143.0.0.0 Safari/537.36', 'Chrome on Windows'),
        (f'{WINDOWS} {WEBKIT} Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0', 'Edge on Windows'),
        (f'{WINDOWS} {WEBKIT} Chrome/143.0.0.0 Safari/537.36 OPR/120.0.0.0', 'Opera on Windows'),
        (f'Mozilla/5.0 (X11; CrOS x86_64 1.0) {WEBKIT} Chrome/143.0.0.0 Safari/537.36', 'Chrome on ChromeOS'),
        (f'Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/143.0 Mobile Safari/537.36', 'Chrome on Android'),
        (f'Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} HeadlessChrome/143.0 Safari/537.36', 'Chrome on Linux'),
        ('Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/26.0 Safari/605.1.15', 'Safari on macOS'),
        ('Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) Version/26.0 Safari/604.1', 'Safari on iPhone'),
        ('Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) CriOS/143.0 Safari/604.1', 'Chrome on iPhone'),
        ('Mozilla/5.0 (iPad; CPU OS 26_0 like Mac OS X) FxiOS/146.0 Safari/604.1', 'Firefox on iPad'),
        ('Firefox/1.0', 'Firefox'),
        ('curl/8.5.0', ''),
        ('', ''),
        ('<img src=x> ' * 10_000 + 'Firefox/1', ''),
    ],
)
def test_a_browser_is_named_as_people_call_it(user_agent: str, name: str) -> None:
    assert browser_name(user_agent) == name
