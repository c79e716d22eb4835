"""The right to change a user's data bit by bit, alone: whoever holds it says so now and then.

If nobody heard of the holder for a while, the right is taken away, and what it left is deleted.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from services import generations
from services.clock import Clock, to_micros
from services.customers import rebuild_customers
from services.database import Database
from services.errors import Unavailable
from services.models import Prediction, Source, UserRevision
from services.pacing import PAUSE_SECONDS
from services.user_lock import hold

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 3.0
SILENT_AFTER = timedelta(seconds=15)
"""For how long the holder may not be heard of."""

FORGOTTEN = 2_000


def lease(session: Session, user_id: int, source_id: int, *, now: int) -> None:
    """Take the right for a source that is being taken in; the caller has raised the revision, and so nobody has it."""
    session.execute(
        update(UserRevision).where(col(UserRevision.user_id) == user_id).values(loading=source_id, loading_seen=now)
    )


def release(session: Session, user_id: int) -> None:
    session.execute(
        update(UserRevision).where(col(UserRevision.user_id) == user_id).values(loading=None, loading_seen=None)
    )


@contextmanager
def heartbeat(database: Database, user_id: int, source_id: int, *, clock: Clock) -> Iterator[None]:
    """Say now and then that the lease's holder lives, also while a single statement takes long."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(HEARTBEAT_SECONDS):
            try:
                with database.writing() as session:
                    mine = (col(UserRevision.user_id) == user_id, col(UserRevision.loading) == source_id)
                    session.execute(update(UserRevision).where(*mine).values(loading_seen=to_micros(clock())))
            except Unavailable as error:
                log.info('A long load could not say that it goes on: %s', error.message)

    thread = threading.Thread(target=beat, name=f'load of user {user_id}', daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def recover(database: Database, *, now: datetime) -> None:
    """Take leases away whose holders were not heard of, and delete what they left."""
    with database.reading() as session:
        silent = session.execute(
            select(col(UserRevision.user_id), col(UserRevision.loading)).where(
                col(UserRevision.loading).is_not(None), col(UserRevision.loading_seen) < to_micros(now - SILENT_AFTER)
            )
        ).all()
    for user_id, source_id in silent:
        log.warning('A long file of user %s was not taken in to its end; what there is of it is deleted', user_id)
        abandon(database, user_id, source_id)


def abandon(database: Database, user_id: int, source_id: int) -> None:
    """Delete what a load has left, in pieces, and end its lease."""
    while _forget_some(database, user_id, source_id) or _sweep(database, user_id):
        time.sleep(PAUSE_SECONDS)


def _sweep(database: Database, user_id: int) -> bool:
    """Rollups that were on their way, too."""
    with database.writing() as session:
        return generations.sweep(session, user_id)


def _forget_some(database: Database, user_id: int, source_id: int) -> bool:
    with database.writing() as session:
        revision = hold(session, user_id)
        if revision.loading != source_id:
            return False
        beyond = (col(Prediction.user_id) == user_id, col(Prediction.arrival) > revision.arrivals)
        rows = session.execute(
            select(col(Prediction.arrival), col(Prediction.customer_id))
            .where(*beyond)
            .order_by(col(Prediction.arrival))
            .limit(FORGOTTEN)
        ).all()
        if rows:
            session.execute(delete(Prediction).where(*beyond, col(Prediction.arrival) <= rows[-1].arrival))
            rebuild_customers(session, user_id, {row.customer_id for row in rows})
        else:
            release(session, user_id)
            session.execute(delete(Source).where(col(Source.user_id) == user_id, col(Source.id) == source_id))
        return bool(rows)
