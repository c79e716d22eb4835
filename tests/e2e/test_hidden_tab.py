"""A tab in the background: its browser lets timers rest, and what is sent to it is not kept for it all the same."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.board import Board
from tests.e2e.conftest import value

EMAIL = 'hida-in-the-background@example.com'
SignIn = Callable[[Board, str], Page]
RESTING = """
const every = window.setInterval;
window.setInterval = (work, wait, ...rest) => every(work, wait === 3000 ? 3_600_000 : wait, ...rest);
"""
"""The timer by which NiceGUI's page tells what it has: once a minute in a tab that was hidden for five."""
HIDE = "Object.defineProperty(document, 'hidden', { configurable: true, get: () => true })"


def test_what_came_to_a_hidden_tab_is_acknowledged(board: Board, page: Page, sign_in: SignIn) -> None:
    page.add_init_script(RESTING)
    sent: list[str | bytes] = []

    def note(frame: str | bytes) -> None:
        sent.append(frame)

    page.on('websocket', lambda socket: socket.on('framesent', note))
    with board.rest(board.add_user(EMAIL)) as rest:
        sign_in(board, EMAIL)
        expect(page.locator('.pill')).to_contain_text('Live')
        page.evaluate(HIDE)
        for number in (1, 2):
            row = {'customer_id': f'c{number}', 'churn_score': 0.9}
            rest.post('/api/predictions', json=[row]).raise_for_status()
            expect(value(page, 'total_predictions')).to_have_text(f'{number}', timeout=20_000)
    acknowledged = [frame for frame in sent if isinstance(frame, str) and '"ack"' in frame]
    assert acknowledged
    assert page.evaluate('window.ackedMessageId') > 0
