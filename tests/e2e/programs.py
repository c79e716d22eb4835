"""Programs that were written for users, run as they stand."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import nicegui
from playwright.sync_api import Page

from tests.board import ROOT, Board

CLIENT = Path(nicegui.__file__).parent / 'static' / 'socket.io.min.js'  # the official build
MODULE = """
([program, environment]) => {
    window.process = { env: environment };
    const map = document.createElement('script');
    map.type = 'importmap';
    map.textContent = '{"imports": {"socket.io-client": "data:text/javascript,export const io = window.io"}}';
    const script = document.createElement('script');
    script.type = 'module';
    script.textContent = program;
    document.head.append(map, script);
}
"""


def output(*command: str, until: str, text: str = '', environment: Mapping[str, str] | None = None) -> str:
    """What a program says up to these words; it may go on for ever."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
    )
    assert process.stdin and process.stdout
    process.stdin.write(text)
    process.stdin.close()
    said, deadline = '', time.monotonic() + 20
    while until not in said and time.monotonic() < deadline and (line := process.stdout.readline()):
        said += line
    process.kill()
    process.wait()
    process.stdout.close()
    return said


def run_javascript(page: Page, board: Board, program: str, environment: Mapping[str, str] | None = None) -> None:
    """Start a program with the official client; Chromium takes the part of node, for which it may not be installed."""
    page.goto(f'{board.url}/healthz')
    page.add_script_tag(path=CLIENT)
    page.evaluate(MODULE, [program, json.loads(json.dumps(environment or {}))])
