"""Users whose data changes in every way there is."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

from services import users
from services.clock import to_micros
from services.customer_removal import remove_customer
from services.dashboard import Dashboard
from services.database import Database
from services.models import SourceKind
from services.prediction_rows import PredictionRow
from services.predictions import Ingest
from services.query import DashboardQuery
from services.scores import RiskBands
from services.selection import Selection
from services.sources import Sources
from services.user_states import UserState, user_states
from tests.accounts import SettableClock

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Office:
    """Some users of one database, what changes their data, and the time."""

    def __init__(self, database: Database) -> None:
        self.database, self.clock, self.bands = database, SettableClock(NOW), RiskBands()
        self.dashboard = Dashboard(bands=self.bands)
        self.ingest = Ingest(database, clock=self.clock)
        self.users = [self.add_user(f'u{number}@example.com') for number in range(4)]

    def add_user(self, email: str, zone: str = 'UTC') -> int:
        with self.database.writing() as session:
            user_id = users.add(session, email, password_hash='x', time_zone=zone).id
        assert user_id
        return user_id

    def states(self) -> dict[int, UserState]:
        with self.database.reading() as session:
            return user_states(session, self.users)

    def today(self, state: UserState) -> date:
        return self.dashboard.today(state.time_zone, self.clock.now)

    def selection(self, state: UserState) -> Selection:
        """All there is of a user."""
        return self.dashboard.selection(state.user_id, DashboardQuery(), zone=state.time_zone, now=self.clock.now)


def change(office: Office, rng: random.Random) -> None:
    """One of the things that may happen to the data of one of the users.

    :raises NotFound: there was no such customer.
    """
    user_id = rng.choice(office.users)

    def row(number: int) -> PredictionRow:
        at = to_micros(office.clock.now - timedelta(hours=rng.choice([0, 0, 1, 30, 400]), seconds=rng.randrange(60)))
        name = rng.choice([None, None, f'Name {rng.randrange(3)}'])
        external = rng.choice([None, f'x{rng.randrange(12)}'])
        customer = f'c{rng.randrange(9)}'
        return PredictionRow(number, customer, rng.randrange(1_000_001), at, external_id=external, customer_name=name)

    match rng.randrange(6):
        case 0:
            office.clock.advance(hours=rng.choice([1, 20]))
        case 1:
            remove_customer(office.database, user_id, f'c{rng.randrange(9)}', bands=office.bands)
        case 2:
            sources = Sources(office.database, bands=office.bands)
            if listed := sources.list(user_id):
                sources.remove(user_id, rng.choice(listed).id)
        case _:
            rows = [row(number) for number in range(rng.choice([1, 1, 2, 5, 30]))]
            office.ingest.take(user_id, rows, kind=SourceKind.FILE, name=f'{rng.randrange(9)}.csv')
