"""Taking a long file into SQLite, which has one writer for everybody: in pieces, and yet all of it or nothing.

The pieces are rows with arrival numbers beyond those that are committed (see :mod:`services.visibility`), customers
nobody has predictions of yet, and a generation of rollups that nobody reads. A last, short transaction makes all of it
count. Meanwhile nobody else changes the user's data, see :mod:`services.load_lease`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from services import generations
from services.clock import Clock, to_micros
from services.customers import gather_news, insert_new, update_known
from services.database import Database, Staged
from services.errors import Unavailable
from services.load_lease import abandon, heartbeat, lease, release
from services.models import Source, SourceKind, User, UserRevision
from services.new_source import NewSource
from services.pacing import PAUSE_SECONDS, Pace
from services.prediction_load import drop_repeated, insert_staged, note_repeated, only_adds
from services.revisions import next_revision
from services.rollup_build import build
from services.rollup_rebuild import last_number, read
from services.rollup_state import Built, Generation
from services.rollup_tables import RollupBuild
from services.row_staging import INCOMING
from services.scores import RiskBands
from services.user_lock import hold

LOST = 'Taking the file in was interrupted for too long. Nothing of it was taken: send it again.'


class BulkLoad:
    """The staged rows of one file on their way into SQLite; afterwards it tells what became of them."""

    def __init__(
        self, database: Database, staged: Staged, user_id: int, *, rows: int, bands: RiskBands, clock: Clock
    ) -> None:
        self.accepted = self.corrected = self.duplicates = 0
        self._database = database
        self._staged = staged
        self._user_id = user_id
        self._rows = rows
        self._bands = bands
        self._clock = clock
        self._now = to_micros(clock())
        self._source = Source(user_id=user_id, id=0, kind=SourceKind.FILE, name='', created_at=0)
        self._arrivals = 0

    def take(self, new: NewSource, *, told: Callable[[int], None] | None) -> int | None:
        """Take the rows in.

        :returns: the id of their source; ``None``: they correct others, and are not for this. Nothing was changed.
        :raises Unavailable: the database does not answer, or another long file of the user is on its way.
        """
        self._lease(new)
        try:
            with heartbeat(self._database, self._user_id, self._source.id, clock=self._clock):
                with self._staged.reading() as session:
                    if not only_adds(session, self._user_id):
                        raise _Corrects
                    drop_repeated(session, self._source)
                    news = gather_news(session, self._user_id, self._now)
                self._insert_rows(told)
                self._insert_customers(news)
                generation = self._build()
                self._finish(new, generation)
        except _Corrects:
            abandon(self._database, self._user_id, self._source.id)
            return None
        except BaseException:
            abandon(self._database, self._user_id, self._source.id)
            raise
        while self._sweep():
            time.sleep(PAUSE_SECONDS)
        return self._source.id

    def _lease(self, new: NewSource) -> None:
        with self._staged.writing() as session:
            revision, self._arrivals = next_revision(session, self._user_id, rewrites=False)
            self._source = new.begin(session, self._user_id, revision=revision, now=self._now)
            lease(session, self._user_id, self._source.id, now=self._now)

    def _insert_rows(self, told: Callable[[int], None] | None) -> None:
        for part in self._parts(self._rows, Pace(start=5_000, least=500, most=200_000)):
            with self._leased() as session:
                self.accepted += insert_staged(
                    session, self._source, arrivals=self._arrivals + self.accepted, now=self._now, part=part
                )
            if told:
                told(part['upto'])
        self.duplicates = self._rows - self.accepted

    def _insert_customers(self, news: int) -> None:
        for part in self._parts(news, Pace(start=2_000, least=200, most=100_000)):
            with self._leased() as session:
                insert_new(session, self._user_id, **part)

    def _build(self) -> Generation:
        pace = Pace(start=500, least=20, most=50_000)
        with self._leased() as session:
            zone = session.execute(select(col(User.time_zone)).where(col(User.id) == self._user_id)).scalar_one()
            number = last_number(session, self._user_id) + 1
            session.execute(delete(RollupBuild).where(col(RollupBuild.user_id) == self._user_id))
        generation = Generation(number=number, built=Built(zone=zone, bands=self._bands))
        after: str | None = ''
        while after is not None:
            with pace.piece() as customers, self._leased() as session:
                upto = generations.customer_after(session, self._user_id, after, customers)
                build(session, self._user_id, generation, after=after, upto=upto)
            after = upto
            time.sleep(PAUSE_SECONDS)
        return generation

    def _finish(self, new: NewSource, generation: Generation) -> None:
        with self._leased() as session:
            source = session.get_one(Source, (self._user_id, self._source.id))
            note_repeated(session, source)
            update_known(session, self._user_id)
            read(session, self._user_id, generation)
            new.count(session, source, self)
            INCOMING.clear(session)
            release(session, self._user_id)
            session.execute(
                update(UserRevision)
                .where(col(UserRevision.user_id) == self._user_id)
                .values(revision=col(UserRevision.revision) + 1, arrivals=self._arrivals + self.accepted)
            )

    @contextmanager
    def _leased(self) -> Iterator[Session]:
        """A transaction in which the lease is still ours.

        :raises Unavailable: it was taken away, since nobody had heard of us for too long.
        """
        with self._staged.writing() as session:
            if hold(session, self._user_id).loading != self._source.id:
                raise Unavailable(LOST)
            yield session

    @staticmethod
    def _parts(count: int, pace: Pace) -> Iterator[dict[str, int]]:
        """Stretches of numbers, each as long as the one before it shows to be bearable."""
        after = 0
        while after < count:
            with pace.piece() as size:
                yield {'after': after, 'upto': after + size}
            after += size
            time.sleep(PAUSE_SECONDS)

    def _sweep(self) -> bool:
        with self._staged.writing() as session:
            return generations.sweep(session, self._user_id)


class _Corrects(Exception):
    """The file corrects rows: it is for the row-by-row way."""
