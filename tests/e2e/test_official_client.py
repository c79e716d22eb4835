"""The official JavaScript client of Socket.IO, in a real Chromium, against the real server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nicegui
import pytest
from playwright.sync_api import Page

from tests.board import Board

CLIENT = Path(nicegui.__file__).parent / 'static' / 'socket.io.min.js'  # NiceGUI ships the official build

SCRIPT = """
async ([token, transport]) => {
    const heard = [];
    const socket = io({ auth: { token }, transports: [transport], reconnection: false });
    socket.onAny((event, data) => heard.push([event, data]));
    const next = (event) => new Promise((resolve, reject) => {
        socket.once(event, resolve);
        setTimeout(() => reject(new Error(`no ${event}; heard ${heard.map(([name]) => name)}`)), 8000);
    });
    const gone = new Promise((resolve) => socket.once('disconnect', resolve));
    const connected = await next('connected');
    if (connected.status === 'error') return { connected, reason: await gone };
    const update = await next('dashboard_update');
    const acknowledged = await socket.emitWithAck('user_action', { action: 'filter', data: { risk: ['high'] } });
    const refused = await socket.emitWithAck('user_action', { action: 'filter', data: { risk: ['huge'] } });
    const beat = await next('dashboard_update');
    const used = socket.io.engine.transport.name;
    socket.disconnect();
    return { connected, update, acknowledged, refused, beat, used };
}
"""


@pytest.fixture
def run(board: Board, page: Page) -> Any:
    page.goto(f'{board.url}/healthz')
    page.add_script_tag(path=CLIENT)
    return lambda token, transport: page.evaluate(SCRIPT, [token, transport])


@pytest.mark.parametrize('transport', ['websocket', 'polling'])
def test_it_connects_acts_and_is_kept_up_to_date(board: Board, run: Any, transport: str) -> None:
    token = board.add_user(f'dora-{transport}@example.com')
    heard = run(token, transport)
    assert heard['used'] == transport
    assert heard['connected']['status'] == 'success'
    assert heard['update']['metrics']['total_predictions'] == 0
    assert heard['acknowledged'] == {'name': 'filter', 'status': 'ok'}
    assert heard['refused']['code'] == 'invalid_request'
    assert heard['beat']['seq'] > heard['update']['seq']


@pytest.mark.parametrize('transport', ['websocket', 'polling'])
def test_it_is_told_why_it_is_refused(run: Any, transport: str) -> None:
    heard = run('forged', transport)
    assert heard['connected']['status'] == 'error'
    assert heard['reason'] == 'io server disconnect'
