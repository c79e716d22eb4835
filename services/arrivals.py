"""``new_prediction``: what was just committed, told at once, and a little of it where much is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from services.clock import micros_rfc3339
from services.connections import Connections
from services.database import Database
from services.emitter import Emitter
from services.recent import ShownPrediction, activity_item
from services.recent_many import Span, new_rows
from services.scores import RiskBands
from services.supervision import Supervisor
from services.user_states import UserState

PER_BEAT = 5
"""Events a user gets in a beat."""


class Arrivals:
    """Tells connected users of their new predictions; many users' are read by one statement."""

    def __init__(
        self,
        *,
        database: Database,
        connections: Connections,
        emitter: Emitter,
        supervisor: Supervisor,
        bands: RiskBands,
    ) -> None:
        self._database = database
        self._connections = connections
        self._emitter = emitter
        self._supervisor = supervisor
        self._bands = bands
        self._told: Counter[int] = Counter()
        """Events since a user's last beat."""
        self._new: dict[int, Span] = {}
        """What is to be told as soon as it was read."""
        self._held_back: dict[int, Span] = {}
        """What came after a user's events of this beat were used up: told as one at the next beat."""
        self._reading = False

    async def note(self, before: UserState, now: UserState) -> None:
        """A user's data changed; returns at once."""
        user_id = now.user_id
        if now.arrivals <= before.arrivals or not self._connections.of(user_id):
            return
        waiting = self._new if self._told[user_id] < PER_BEAT else self._held_back
        _add(waiting, user_id, (before.arrivals, now.arrivals))
        self._read_soon()

    async def beat(self, users: Collection[int]) -> None:
        """These users may be told again."""
        for left in [user_id for user_id in self._held_back if not self._connections.of(user_id)]:
            del self._held_back[left]  # it is no news to one who comes later
        for user_id in users if self._told or self._held_back else ():
            self._told.pop(user_id, None)
            span = self._held_back.pop(user_id, None)
            if span:
                self._told[user_id] = PER_BEAT - 1  # so that all of it is one event
                _add(self._new, user_id, span)
        self._read_soon()

    def _read_soon(self) -> None:
        """One read at a time: what comes meanwhile is in the next."""
        if self._new and not self._reading:
            self._reading = True
            self._supervisor.spawn('new predictions', self._read())

    async def _read(self) -> None:
        try:
            while spans := self._due():
                self._tell(spans, await self._rows(spans))
        finally:
            self._reading = False

    def _due(self) -> dict[int, Span]:
        """What may be told in this beat; others have used up their events while earlier ones were read."""
        due, self._new = self._new, {}
        for user_id in [user_id for user_id in due if self._told[user_id] >= PER_BEAT]:
            _add(self._held_back, user_id, due.pop(user_id))
        return due

    async def _rows(self, spans: Mapping[int, Span]) -> dict[int, list[ShownPrediction]]:
        """As many of each user as there are events left, the newest; a failure leaves all of it to the next beat."""
        left = {user_id: PER_BEAT - self._told[user_id] for user_id in spans}
        newest = {user_id: (max(after, upto - left[user_id]), upto) for user_id, (after, upto) in spans.items()}
        try:
            return await self._database.run(lambda: new_rows(self._database, newest))
        except Exception:
            for user_id, span in spans.items():
                self._told[user_id] = PER_BEAT  # what comes now waits, too, so that it stays one stretch
                _add(self._held_back, user_id, span)
            raise

    def _tell(self, spans: Mapping[int, Span], found: Mapping[int, list[ShownPrediction]]) -> None:
        for user_id, rows in found.items():
            after, upto = spans[user_id]
            self._told[user_id] += len(rows)
            for row in rows:
                item = activity_item(row, self._bands) | {'committed_at': micros_rfc3339(row.committed_at)}
                if row is rows[-1] and upto - after > len(rows):
                    item['more'] = upto - after - len(rows)
                self._emitter.push(user_id, 'new_prediction', item)


def _add(waiting: dict[int, Span], user_id: int, span: Span) -> None:
    """A user's predictions that wait are one stretch of arrival numbers."""
    after, upto = waiting.get(user_id, span)
    waiting[user_id] = (min(after, span[0]), max(upto, span[1]))
