"""The sample workspace of a newcomer: filled once, live while somebody watches, removable as a whole."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from services.calendar import time_zone
from services.database import Database
from services.errors import NotFound
from services.hub import LiveHub
from services.listeners import tell
from services.models import Prediction, Source, SourceKind
from services.predictions import Ingest
from services.revisions import next_revision
from services.sample import next_scores, sample_rows
from services.sample_users import with_sample
from services.scores import RiskBands
from services.sources import undo

NAME = 'Sample data'
FEED_SECONDS = 4.0
FEED_ROWS = 3
CANDIDATES = 60


def fill(ingest: Ingest, user_id: int, *, zone: str, now: datetime) -> None:
    """Take the sample history in; blocks."""
    rows = sample_rows(now=now, zone=time_zone(zone))
    ingest.take(user_id, rows, kind=SourceKind.SAMPLE, name=NAME)


class Workspace:
    """Keeps the sample data of users moving, and takes it out again."""

    def __init__(
        self, database: Database, ingest: Ingest, hub: LiveHub, *, bands: RiskBands, rng: random.Random
    ) -> None:
        self._database = database
        self._ingest = ingest
        self._hub = hub
        self._bands = bands
        self._rng = rng

    async def remove_sample(self, user_id: int) -> None:
        """Delete everything the sample brought, and nothing else."""
        await self._database.write(lambda session: _remove(session, user_id, self._bands))
        await self._hub.notice(user_id)

    async def feed(self) -> None:
        """For ever: while somebody watches a workspace with sample data, score a few of its customers again."""
        while True:
            await asyncio.sleep(FEED_SECONDS)
            await tell(self._feed_watched())

    async def _feed_watched(self) -> None:
        watched = self._hub.watched()
        fed = await self._database.read(lambda session: with_sample(session, watched)) if watched else set()
        for user_id in fed:
            await tell(self._feed(user_id))

    async def _feed(self, user_id: int) -> None:
        if await self._database.run(lambda: self._score_some(user_id), writes=True):
            await self._hub.notice(user_id)

    def _score_some(self, user_id: int) -> bool:
        with self._database.reading() as session:
            customers = _customers(session, user_id, self._rng)
        if not customers:
            return False
        rows = next_scores(customers, rng=self._rng, count=self._rng.randint(1, FEED_ROWS))
        try:
            self._ingest.take(user_id, rows, kind=SourceKind.SAMPLE, name=NAME, goes_on=True)
        except NotFound:  # the sample was taken out since they were read: it stays out
            return False
        return True


def _customers(session: Session, user_id: int, rng: random.Random) -> Sequence[tuple[str, int]]:
    """A stretch of the sample's customers with a score of each, from a place drawn by chance."""
    sample = select(col(Source.id)).where(col(Source.user_id) == user_id, col(Source.kind) == SourceKind.SAMPLE)
    scored = select(col(Prediction.customer_id), col(Prediction.score), col(Prediction.arrival)).where(
        col(Prediction.user_id) == user_id, col(Prediction.source_id).in_(sample)
    )
    newest = session.execute(scored.order_by(col(Prediction.arrival).desc()).limit(1)).first()
    if newest is None:
        return []
    start = rng.randint(max(1, newest.arrival - 4_000), newest.arrival)
    found = session.execute(
        scored.where(col(Prediction.arrival) >= start).order_by(col(Prediction.arrival)).limit(CANDIDATES)
    )
    return [(row.customer_id, row.score) for row in found]


def _remove(session: Session, user_id: int, bands: RiskBands) -> None:
    next_revision(session, user_id)
    sample = select(col(Source.id)).where(col(Source.user_id) == user_id, col(Source.kind) == SourceKind.SAMPLE)
    undo(session, user_id, list(session.execute(sample).scalars()), bands=bands)
