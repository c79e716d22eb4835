"""What changed since each person's last visit, worked out once for all tabs of a person and each state of the data."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlmodel import Session

from services.answers import Patience
from services.clock import Clock, rfc3339
from services.dashboard import Dashboard
from services.database import Database
from services.errors import InvalidToken
from services.lane import Lane
from services.looks import Seen
from services.patient_reads import PatientReads, Wanted
from services.planner import AT_ONCE
from services.query import EVERYTHING
from services.questions import Question
from services.schemas import ChangesSince
from services.selection import Selection
from services.user_lookup import UserLookup
from services.visit_changes import changes_since
from services.visits import Moment, Visits

KEPT = 2_000

A_CUSTOMER = 8
"""How many rows could be gone through in the time that one prediction takes that came since."""


@dataclass(frozen=True, kw_only=True)
class VisitNews:
    """What changed since the visit before, as far as the data up to a moment say."""

    changes: ChangesSince
    upto: Moment


class NewsSinceVisit:
    """Answers from what is known of a watched user; asks the database only where something was committed since."""

    def __init__(
        self,
        database: Database,
        dashboard: Dashboard,
        visits: Visits,
        *,
        seen: Callable[[int], Seen | None],
        notice: Callable[[int], Awaitable[None]],
        users: UserLookup,
        lane: Lane,
        patience: Patience,
        clock: Clock,
        at_once: int = AT_ONCE,
    ) -> None:
        """
        :param seen: what the last look told of a watched user.
        :param notice: told the user of whom something was committed.
        :param at_once: rows that are gone through while somebody waits.
        """
        self._dashboard = dashboard
        self._visits = visits
        self._seen = seen
        self._notice = notice
        self._users = users
        self._clock = clock
        self._reads = PatientReads(database, dashboard, lane=lane, patience=patience, at_once=at_once, kept=KEPT)

    def revision(self, user_id: int) -> int | None:
        """That of a watched user's data: while it stays, so does the answer."""
        seen = self._seen(user_id)
        return seen.state.revision if seen and seen.state else None

    async def get(self, user_id: int) -> VisitNews | None:
        """``None``: it is the user's first visit.

        :raises InvalidToken: there is no such user any more.
        :raises BeingWorkedOut: it takes long, and is there in some seconds.
        :raises Unavailable: the database does not answer.
        """
        seen = self._seen(user_id)
        state = seen.state if seen else await self._users.state(user_id)
        if state is None:
            raise InvalidToken
        since = await self._visits.since(user_id, revision=state.revision)
        if since is None:
            return None
        at = self._clock()
        upto = Moment(at=at, arrivals=state.arrivals)
        if state.arrivals <= since.arrivals:
            return VisitNews(changes=ChangesSince(since=rfc3339(since.at)), upto=upto)
        selection = self._dashboard.selection(user_id, EVERYTHING, zone=state.time_zone, now=at)
        question = Question(selection=selection, revision=state.revision, at=at)
        found = await self._reads.get(question, _wanted(since, upto))
        return found.value

    async def mark_seen(self, user_id: int, news: VisitNews) -> None:
        """Nothing of it is news any more; what came after it was shown still is.

        :raises InvalidToken: there is no such user any more.
        :raises Unavailable: the database does not answer.
        """
        await self._visits.mark_seen(user_id, news.upto)
        await self._notice(user_id)


def _wanted(since: Moment, upto: Moment) -> Wanted[VisitNews]:
    rows = (upto.arrivals - since.arrivals) * A_CUSTOMER

    def read(session: Session, selection: Selection) -> VisitNews:
        return VisitNews(changes=changes_since(session, selection, since), upto=upto)

    return Wanted(key=('since', since), read=read, rows=lambda _session, _selection: rows)
