"""Visits of the board that ended a while ago."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from services.clock import to_micros
from services.database import Database
from tests.board import Board

USER = '(SELECT id FROM "user" WHERE email = :email)'


def an_hour_ago(board: Board, email: str) -> None:
    """Let the visit have ended an hour ago: as soon as the server has noticed that the page is gone."""
    when = to_micros(datetime.now(UTC) - timedelta(hours=1))
    with board.database() as database:
        until = time.monotonic() + 20
        while not _is_noted(database, email):
            assert time.monotonic() < until, f'no visit of {email} was written down'
            time.sleep(0.05)
        with database.writing() as session:
            session.execute(
                text(f'UPDATE visit SET seen_at = :when WHERE user_id = {USER}'), {'email': email, 'when': when}
            )


def _is_noted(database: Database, email: str) -> bool:
    with database.reading() as session:
        seen = text(f'SELECT seen_at FROM visit WHERE user_id = {USER}')
        return bool(session.execute(seen, {'email': email}).scalar())
