"""Visits of the board that ended a while ago."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from services.clock import to_micros
from tests.board import Board


def an_hour_ago(board: Board, email: str) -> None:
    """Let the visit have ended an hour ago: as soon as the server has noticed that the page is gone."""
    when = to_micros(datetime.now(UTC) - timedelta(hours=1))
    user = '(SELECT id FROM "user" WHERE email = :email)'
    with board.database() as database:
        for _ in range(2_000):
            with database.reading() as session:
                seen = text(f'SELECT seen_at FROM visit WHERE user_id = {user}')
                if session.execute(seen, {'email': email}).scalar():
                    break
        with database.writing() as session:
            session.execute(
                text(f'UPDATE visit SET seen_at = :when WHERE user_id = {user}'), {'email': email, 'when': when}
            )
