"""Bringing rollups to the zone and bands that are wanted, in pieces, so that nobody waits for it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from services import generations
from services.clock import Clock
from services.database import Database
from services.errors import Unavailable
from services.load_lease import recover
from services.pacing import PAUSE_SECONDS, Pace
from services.rollup_state import Built
from services.scores import RiskBands

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0


class RollupUpkeep:
    """Owns no thread: :meth:`run` uses the database's, everything else blocks."""

    def __init__(self, database: Database, *, bands: RiskBands, clock: Clock) -> None:
        self._database = database
        self._bands = bands
        self._clock = clock
        self._pace = Pace(start=500, least=20, most=50_000)
        self._unswept: set[int] | None = None
        """Users with rollups that nobody reads any more; ``None``: not known yet."""

    async def run(self) -> None:
        """For ever: look for what is to be done, and do it piece by piece."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                while await self._database.run(self.do_some, writes=True):  # noqa: ASYNC110 -- it waits for nobody
                    await asyncio.sleep(PAUSE_SECONDS)
            except Unavailable as error:
                log.info('The sums could not be worked on: %s', error.message)

    def do_some(self) -> bool:
        """One piece of whatever is to be done; False: nothing is."""
        recover(self._database, now=self._clock())
        with self._database.reading() as session:
            wanting = generations.wanting(session, self._bands)
        for user_id, zone in wanting:
            self._add_piece(user_id, zone)
            return True
        return self._sweep_some()

    def finish(self, user_id: int, zone: str, *, told: Callable[[int, int], None] | None = None) -> None:
        """Build a user's rollups for a zone until they are read, and take the old ones away.

        :param told: called with the number of customers done, and of all.
        :raises Unavailable: the database does not answer, or a long file of the user is being taken in.
        """
        while self._add_piece(user_id, zone):
            if told:
                with self._database.reading() as session:
                    told(*generations.progress(session, user_id))
            time.sleep(PAUSE_SECONDS)
        self._unswept = {user_id}
        while self._sweep_some():
            time.sleep(PAUSE_SECONDS)

    def _add_piece(self, user_id: int, zone: str) -> bool:
        wanted = Built(zone=zone, bands=self._bands)
        with self._pace.piece() as customers, self._database.writing() as session:
            more = generations.add_piece(session, user_id, wanted, customers=customers)
        if not more and self._unswept is not None:
            self._unswept.add(user_id)
        return more

    def _sweep_some(self) -> bool:
        if self._unswept is None:
            with self._database.reading(patient=True) as session:
                self._unswept = generations.unswept(session)
        for user_id in list(self._unswept):
            with self._database.writing() as session:
                if generations.sweep(session, user_id):
                    return True
            self._unswept.discard(user_id)
        return False
