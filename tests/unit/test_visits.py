"""A visit ends half an hour after the last page has gone, and what changed since is that of a plain recomputation."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services import migrations, users
from services.answers import Patience
from services.clock import rfc3339, to_micros
from services.dashboard import Dashboard
from services.database import Database
from services.errors import InvalidToken
from services.lane import Lane
from services.models import SourceKind
from services.prediction_rows import PredictionRow
from services.predictions import Ingest
from services.questions import BeingWorkedOut
from services.schemas import ChangesSince, MovedCustomer
from services.scores import RiskBands
from services.sources import Sources
from services.user_lookup import UserLookup
from services.visit_news import NewsSinceVisit, VisitNews
from services.visits import Presence, Visits

START = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)
SCORES = (0, 100_000, 399_999, 699_999, 700_000, 700_001, 950_000, 1_000_000)


class Server:
    """A process with alice's pages, and a clock that a test moves."""

    def __init__(self, database: Database, *, at_once: int = 100_000, now: datetime = START) -> None:
        self.database = database
        self.now = now
        self.lane = Lane()
        self.visits = Visits(database, clock=lambda: self.now)
        self.news = NewsSinceVisit(
            database,
            Dashboard(bands=RiskBands(), at_once=at_once),
            self.visits,
            seen=lambda _user_id: None,
            users=UserLookup(database),
            lane=self.lane,
            patience=Patience(lane=0),
            clock=lambda: self.now,
            at_once=at_once,
        )

    async def after(self, **time: float) -> None:
        """Some time passes, with everything written down every minute as the server does."""
        until = self.now + timedelta(**time)
        while self.now < until:
            self.now = min(until, self.now + timedelta(minutes=1))
            await self.visits.close()

    async def open(self, user_id: int) -> Presence:
        presence = self.visits.open(user_id)
        await self.visits.write()
        return presence

    async def leave(self, presence: Presence) -> None:
        presence.leave()
        await self.visits.write()

    async def told(self, user_id: int) -> VisitNews | None:
        while True:
            try:
                return await self.news.get(user_id)
            except BeingWorkedOut:
                await asyncio.sleep(0.001)

    async def since(self, user_id: int) -> datetime | None:
        news = await self.told(user_id)
        return datetime.fromisoformat(news.changes.since) if news else None

    async def changes(self, user_id: int) -> ChangesSince:
        news = await self.told(user_id)
        assert news
        return news.changes

    def take(self, user_id: int, rows: list[PredictionRow], name: str = 'scores.csv') -> int:
        ingest = Ingest(self.database, clock=lambda: self.now)
        ingest.take(user_id, rows, kind=SourceKind.FILE, name=name)
        with self.database.reading() as session:
            found = session.execute(text('SELECT MAX(id) FROM source WHERE user_id = :user'), {'user': user_id})
            return int(found.scalar_one())


@pytest.fixture
def alice(database: Database) -> int:
    migrations.upgrade(database)
    return added(database, 'alice@example.com')


@pytest.fixture
async def server(database: Database, alice: int) -> AsyncIterator[Server]:
    server = Server(database)
    yield server
    server.lane.close()


def added(database: Database, email: str) -> int:
    with database.writing() as session:
        user = users.add(session, email, password_hash='x')
    assert user.id
    return user.id


def row(customer: str, score: int, at: datetime | None = None, **more: Any) -> PredictionRow:
    return PredictionRow(1, customer, score, to_micros(at) if at else None, **more)


# --- when a visit ends


async def test_of_a_first_visit_nothing_is_claimed(server: Server, alice: int) -> None:
    assert await server.since(alice) is None
    await server.open(alice)
    server.take(alice, [row('a', 900_000)])
    assert await server.since(alice) is None
    await server.after(hours=2)
    assert await server.since(alice) is None, 'it is still the first one'


async def test_a_visit_ends_when_no_page_was_connected_for_half_an_hour(server: Server, alice: int) -> None:
    page = await server.open(alice)
    await server.after(minutes=10)
    left = server.now
    await server.leave(page)
    await server.after(minutes=29)
    page = await server.open(alice)
    assert await server.since(alice) is None, 'that was a pause'
    await server.after(minutes=5)
    left = server.now
    await server.leave(page)
    await server.after(minutes=30)
    await server.open(alice)
    assert await server.since(alice) == left
    await server.after(hours=9)
    assert await server.since(alice) == left, 'as long as the visit lasts'


async def test_while_another_page_is_connected_nobody_has_gone(server: Server, alice: int) -> None:
    board, data = await server.open(alice), await server.open(alice)
    await server.leave(board)
    board.leave()
    await server.after(hours=1)
    await server.open(alice)
    assert await server.since(alice) is None
    data.leave()
    data.come()
    await server.after(hours=1)
    assert await server.since(alice) is None


async def test_what_a_visit_is_survives_a_restart(server: Server, alice: int) -> None:
    page = await server.open(alice)
    left = server.now
    await server.leave(page)
    await server.after(hours=1)
    page = await server.open(alice)
    await server.after(minutes=3)  # and the server dies, without a word
    other = Server(server.database, now=server.now + timedelta(minutes=20))
    await other.open(alice)
    assert await other.since(alice) == left
    last = Server(server.database, now=other.now + timedelta(days=3))
    await last.open(alice)
    assert await last.since(alice) == other.now
    for each in (other, last):
        each.lane.close()


async def test_before_it_is_written_down_that_somebody_came_the_answer_is_the_same(server: Server, alice: int) -> None:
    page = await server.open(alice)
    left = server.now
    await server.leave(page)
    server.now += timedelta(hours=1)
    server.visits.open(alice)
    assert await server.since(alice) == left
    await server.visits.write()
    assert await server.since(alice) == left


async def test_a_clock_that_is_set_back_ends_no_visit(server: Server, alice: int) -> None:
    await server.open(alice)
    await server.after(minutes=2)
    server.now -= timedelta(hours=5)
    await server.visits.close()
    assert await server.since(alice) is None


async def test_visits_are_each_persons_own_and_go_with_the_account(server: Server, alice: int) -> None:
    bob = added(server.database, 'bob@example.com')
    page = await server.open(alice)
    server.take(alice, [row('a', 100_000)])
    await server.leave(page)
    server.now += timedelta(hours=1)
    server.take(bob, [row('a', 900_000)])
    await server.open(alice)
    await server.open(bob)
    assert (await server.changes(alice)).moved == 0
    assert await server.since(bob) is None
    with server.database.writing() as session:
        session.execute(text('DELETE FROM "user" WHERE id = :user'), {'user': bob})
    await server.visits.close()  # of whom there is no account nothing is written
    with pytest.raises(InvalidToken):
        await server.told(bob)


async def test_the_server_writes_by_itself_who_comes_and_who_goes(server: Server, alice: int) -> None:
    running = asyncio.create_task(server.visits.run())
    page = server.visits.open(alice)
    server.now += timedelta(minutes=1)
    await written(server, alice, server.now)
    server.now += timedelta(minutes=1)
    page.leave()
    await written(server, alice, server.now)
    running.cancel()


async def written(server: Server, user_id: int, at: datetime) -> None:
    for _ in range(2_000):
        if seen_at(server, user_id) == to_micros(at):
            return
        await asyncio.sleep(0.01)
    raise AssertionError('nobody wrote down who is here')


def seen_at(server: Server, user_id: int) -> int | None:
    with server.database.reading() as session:
        found = session.execute(text('SELECT seen_at FROM visit WHERE user_id = :user'), {'user': user_id})
        return found.scalar()


# --- what changed since


class Recomputed:
    """The same from a list of rows, in the order in which they were committed."""

    def __init__(self, rows: list[PredictionRow], *, before: int) -> None:
        self.now, self.then = latest(rows), latest(rows[:before])

    def newly_high(self) -> dict[str, float]:
        return {each: score for each, score in self.now.items() if score >= 0.7 > self.then.get(each, 0)}

    def recovered(self) -> dict[str, float]:
        return {each: score for each, score in self.now.items() if score < 0.7 <= self.then.get(each, 0)}

    def moved(self) -> int:
        return sum(self.then.get(each) != score for each, score in self.now.items())

    def distances(self) -> list[float]:
        both = [round(abs(self.now[each] - self.then[each]), 6) for each in self.then]
        return sorted((each for each in both if each), reverse=True)[:5]


def latest(rows: list[PredictionRow]) -> dict[str, float]:
    order = {arrival: (each.predicted_at, arrival) for arrival, each in enumerate(rows)}
    return {rows[arrival].customer_id: rows[arrival].score / 1e6 for arrival in sorted(order, key=order.__getitem__)}


@pytest.mark.parametrize('at_once', [100_000, 1])
async def test_what_changed_is_what_a_plain_recomputation_says(database: Database, alice: int, at_once: int) -> None:
    """Scores come in any order of time; some are of an instant long before the visit ended."""
    server, rng = Server(database, at_once=at_once), random.Random(20)
    rows: list[PredictionRow] = []

    def some(number: int) -> list[PredictionRow]:
        minutes = (rng.randrange(-9_000, 3) for _ in range(number))
        return [row(rng.choice('abcdefghij'), rng.choice(SCORES), START + timedelta(minutes=each)) for each in minutes]

    for turn in range(12):
        page = await server.open(alice)
        server.take(alice, new := distinct(some(rng.choice((1, 4, 12))), rows), f'before {turn}')
        rows += new
        await server.leave(page)
        before = len(rows)
        server.now += timedelta(hours=1)
        for part in range(rng.randrange(3)):
            server.take(alice, new := distinct(some(rng.choice((1, 3, 9))), rows), f'after {turn} {part}')
            rows += new
        page = await server.open(alice)
        told, expected = await server.changes(alice), Recomputed(rows, before=before)
        assert by_id(told.newly_high_customers) == expected.newly_high(), turn
        assert by_id(told.recovered_customers) == expected.recovered(), turn
        assert (told.newly_high, told.recovered) == (len(expected.newly_high()), len(expected.recovered())), turn
        assert told.moved == expected.moved(), turn
        assert [abs(each.change or 0) for each in told.movers] == expected.distances(), turn
        for each in told.movers:
            assert round(expected.now[each.customer_id] - expected.then[each.customer_id], 6) == each.change
        await server.leave(page)
        server.now += timedelta(hours=1)
    server.lane.close()


def distinct(rows: list[PredictionRow], known: list[PredictionRow]) -> list[PredictionRow]:
    """Without any that would be a duplicate within its file."""
    return list({(each.customer_id, each.predicted_at): each for each in rows}.values())


def by_id(customers: tuple[MovedCustomer, ...]) -> dict[str, float]:
    return {each.customer_id: each.churn_score for each in customers}


async def away(server: Server, user_id: int, rows: list[PredictionRow], *later: PredictionRow) -> ChangesSince:
    """What is told of rows that come while nobody is there."""
    page = await server.open(user_id)
    server.take(user_id, rows, 'before')
    await server.leave(page)
    server.now += timedelta(hours=1)
    if later:
        server.take(user_id, list(later), 'later')
    await server.open(user_id)
    return await server.changes(user_id)


async def test_customers_are_told_with_names_reasons_and_the_signed_change(server: Server, alice: int) -> None:
    changes = await away(
        server,
        alice,
        [row('up', 650_000, customer_name='Fjord'), row('down', 910_000), row('same', 800_000)],
        row('up', 810_000, reasons='+ Logins down'),
        row('down', 300_001),
        row('same', 800_000),
        row('new', 990_000, customer_name='Neu'),
    )
    assert changes.since == rfc3339(START)
    assert [(each.customer_id, each.change) for each in changes.newly_high_customers] == [('new', None), ('up', 0.16)]
    assert (changes.newly_high_customers[1].customer_name, changes.newly_high_customers[1].reasons) == (
        'Fjord',
        ('+ Logins down',),
    )
    assert [(each.customer_id, each.change) for each in changes.recovered_customers] == [('down', -0.609999)]
    assert [(each.customer_id, each.change) for each in changes.movers] == [('down', -0.609999), ('up', 0.16)]
    assert (changes.newly_high, changes.recovered, changes.moved) == (2, 1, 3)


async def test_where_nothing_changed_nothing_is_told(server: Server, alice: int) -> None:
    assert await away(server, alice, [row('a', 900_000)]) == ChangesSince(since=rfc3339(START))


async def test_lists_are_cut_and_counts_are_not(server: Server, alice: int) -> None:
    later = [row(f'c{number:02}', 700_000 + number) for number in range(30)]
    changes = await away(server, alice, [row('a', 900_000)], *later)
    assert changes.newly_high == 30
    assert [each.customer_id for each in changes.newly_high_customers] == [f'c{n:02}' for n in range(29, 9, -1)]


async def test_what_was_taken_back_counts_as_if_it_had_never_come(server: Server, alice: int) -> None:
    page = await server.open(alice)
    server.take(alice, [row('a', 100_000), row('b', 100_000)], 'before')
    await server.leave(page)
    server.now += timedelta(hours=1)
    undone = server.take(alice, [row('a', 900_000)], 'later')
    await server.open(alice)
    assert (await server.changes(alice)).newly_high == 1
    Sources(server.database, bands=RiskBands()).remove(alice, undone)
    assert await server.changes(alice) == ChangesSince(since=rfc3339(START))


async def test_what_is_marked_as_seen_is_no_news_in_any_tab_and_what_came_meanwhile_is(
    server: Server, alice: int
) -> None:
    await away(server, alice, [row('a', 100_000), row('b', 100_000)], row('a', 900_000))
    shown = await server.told(alice)
    assert shown and shown.changes.newly_high == 1
    server.now += timedelta(minutes=1)
    server.take(alice, [row('b', 950_000)], 'while it was read')
    other = Server(server.database, now=server.now)
    assert (await other.changes(alice)).newly_high == 2
    await server.news.mark_seen(alice, shown)
    for each in (server, other):
        changes = await each.changes(alice)
        assert by_id(changes.newly_high_customers) == {'b': 0.95}
        assert changes.since == rfc3339(shown.upto.at)
    await other.news.mark_seen(alice, shown)  # nothing becomes news again
    newest = await server.told(alice)
    assert newest
    await server.news.mark_seen(alice, newest)
    await server.news.mark_seen(alice, shown)
    assert (await server.changes(alice)).moved == 0
    other.lane.close()


async def test_rows_of_a_long_file_on_its_way_are_not_seen_before_all_of_them_are(server: Server, alice: int) -> None:
    """It began before the visit ended, and ends after it."""
    page = await server.open(alice)
    server.take(alice, [row('a', 100_000)], 'before')
    with server.database.writing() as session:
        session.execute(text(BEYOND), {'score': 900_000})
    await server.leave(page)
    server.now += timedelta(hours=1)
    await server.open(alice)
    assert (await server.changes(alice)).moved == 0
    with server.database.writing() as session:
        session.execute(text('UPDATE user_revision SET arrivals = 2, revision = revision + 1'))
    assert (await server.changes(alice)).newly_high == 1


BEYOND = """
    INSERT INTO prediction (user_id, arrival, source_id, customer_id, score, predicted_at, timed, committed_at, status)
    SELECT user_id, 2, source_id, customer_id, :score, predicted_at, timed, committed_at, status
    FROM prediction WHERE arrival = 1
"""
