"""A real Chromium for the browser tests: the system's, else installed by this step.

python -m tests.chromium
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ('chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome')

QUIET = (
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
)
"""Without these it looks up outside hosts at every start."""


def system_chromium() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


def launch_options() -> dict[str, object]:
    """What Playwright needs to start it here."""
    arguments = [*QUIET, '--no-sandbox'] if os.geteuid() == 0 else list(QUIET)
    path = system_chromium()
    return {'args': arguments, **({'executable_path': path} if path else {})}


def main() -> int:
    if system_chromium() or _playwrights_own():
        return 0
    if os.geteuid() == 0 and shutil.which('apt-get'):
        environment = {**os.environ, 'DEBIAN_FRONTEND': 'noninteractive'}
        subprocess.run(['apt-get', 'update', '-qq'], check=True, env=environment)
        subprocess.run(['apt-get', 'install', '-y', '-qq', 'chromium'], check=True, env=environment)
        return 0
    return subprocess.run([sys.executable, '-m', 'playwright', 'install', 'chromium'], check=False).returncode


def _playwrights_own() -> bool:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path).exists()


if __name__ == '__main__':
    sys.exit(main())
