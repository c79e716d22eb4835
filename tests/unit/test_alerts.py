from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services import users
from services.aggregates import Total
from services.alert_facts import alert_facts
from services.alert_rules import RULES, AlertFacts, AlertRule, tenths
from services.alerts import Alerts, Evaluation, KnownFacts
from services.clock import rfc3339, to_micros
from services.dashboard import Dashboard
from services.database import Database
from services.errors import Unavailable
from services.models import SourceKind
from services.prediction_rows import PredictionRow
from services.predictions import Ingest
from services.query import DashboardQuery
from services.scores import RiskBands
from services.selection import Selection
from services.user_states import user_states
from tests.accounts import SettableClock
from tests.oracle import Oracle, rows_of

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TODAY = date(2026, 11, 23)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DASHBOARD = Dashboard(bands=RiskBands())
RULE = {rule.key: rule for rule in RULES}


# --- the rules -----------------------------------------------------------------------------------------------------


def facts(**given: Any) -> AlertFacts:
    nothing: dict[str, Any] = {
        'now': NOW,
        'today': TODAY,
        'customers': 0,
        'customers_high': 0,
        'week': Total(),
        'week_before': Total(),
        'newly_high': (0,) * 8,
        'newest': None,
    }
    return AlertFacts(**(nothing | given))


def state(rule: AlertRule, given: AlertFacts, *, started: date = TODAY) -> str:
    """What the rule does, whether it was active or not."""
    if rule.starts(given):
        return 'starts'
    return 'ends' if rule.ends(given, lambda: started) else 'stays'


@pytest.mark.parametrize(
    ('customers', 'high', 'expected'),
    [
        (5, 1, 'starts'),
        (1_000_000, 200_000, 'starts'),
        (1_000_000, 199_999, 'stays'),
        (50, 9, 'stays'),
        (1_000_000, 180_000, 'stays'),
        (1_000_000, 179_999, 'ends'),
        (1, 1, 'starts'),
        (1, 0, 'ends'),
        (0, 0, 'ends'),
    ],
)
def test_a_fifth_of_the_customers_at_high_risk_is_critical_until_it_is_below_18_percent(
    customers: int, high: int, expected: str
) -> None:
    assert state(RULE['high-share'], facts(customers=customers, customers_high=high)) == expected
    assert RULE['high-share'].type == 'critical'


@pytest.mark.parametrize(
    ('mean', 'before', 'expected'),
    [
        (350_000, 300_000, 'starts'),
        (349_999, 300_000, 'stays'),
        (340_000, 300_000, 'stays'),
        (339_999, 300_000, 'ends'),
        (300_000, 350_000, 'ends'),
        (0, 0, 'ends'),
    ],
)
def test_a_mean_that_rose_by_5_points_is_a_warning_until_it_is_below_4(mean: int, before: int, expected: str) -> None:
    # three scores a week: a third of a millionth either way must not matter
    given = facts(week=Total(count=3, sum=3 * mean), week_before=Total(count=3, sum=3 * before))
    assert state(RULE['mean-rise'], given) == expected
    assert RULE['mean-rise'].type == 'warning'


@pytest.mark.parametrize(
    ('week', 'before'), [(Total(count=1, sum=900_000), Total()), (Total(), Total(count=1, sum=1)), (Total(), Total())]
)
def test_a_week_without_scores_has_no_rise(week: Total, before: Total) -> None:
    assert state(RULE['mean-rise'], facts(week=week, week_before=before)) == 'ends'


@pytest.mark.parametrize(
    ('newly_high', 'starts'),
    [
        ((5, 0, 0, 0, 0, 0, 0, 0), True),
        ((4, 0, 0, 0, 0, 0, 0, 0), False),
        ((6, 3, 3, 3, 3, 3, 3, 3), True),
        ((6, 3, 3, 3, 3, 3, 3, 4), False),
        ((7, 24, 0, 0, 0, 0, 0, 0), True),
        ((7, 25, 0, 0, 0, 0, 0, 0), False),
    ],
)
def test_five_newly_high_customers_and_twice_the_usual_are_a_warning(newly_high: tuple[int, ...], starts: bool) -> None:
    assert RULE['newly-high'].starts(facts(newly_high=newly_high)) == starts
    assert RULE['newly-high'].type == 'warning'


def test_the_surge_ends_with_its_day_and_not_before() -> None:
    calm = facts(newly_high=(0,) * 8)
    assert state(RULE['newly-high'], calm, started=TODAY) == 'stays'
    assert state(RULE['newly-high'], calm, started=TODAY - DAY) == 'ends'


@pytest.mark.parametrize(
    ('newest', 'expected'),
    [
        (NOW - 48 * HOUR - timedelta(microseconds=1), 'starts'),
        (NOW - 48 * HOUR, 'ends'),
        (NOW, 'ends'),
        (None, 'ends'),
    ],
)
def test_silence_of_more_than_48_hours_is_told_but_not_to_a_user_without_data(
    newest: datetime | None, expected: str
) -> None:
    assert state(RULE['silent'], facts(newest=newest)) == expected
    assert RULE['silent'].type == 'info'


def test_messages_tell_the_figures() -> None:
    given = facts(
        customers=2_345,
        customers_high=500,
        week=Total(count=1, sum=360_000),
        week_before=Total(count=1, sum=300_000),
        newly_high=(1_200, 7, 0, 0, 0, 0, 0, 0),
        newest=datetime(2026, 11, 20, 9, 5, tzinfo=UTC),
    )
    figures = {
        'high-share': ['21.3 %', '500 of 2,345'],
        'mean-rise': ['6.0 points'],
        'newly-high': ['1,200 customers', '1.0 a day'],
        'silent': ['2026-11-20 09:05 UTC'],
    }
    for key, texts in figures.items():
        assert all(text in RULE[key].message(given) for text in texts), RULE[key].message(given)


@pytest.mark.parametrize(
    ('key', 'given', 'words'),
    [
        ('newly-high', {'newly_high': (5, *[0] * 7)}, '5 customers became high risk today; none in the 7 days before'),
        (
            'newly-high',
            {'newly_high': (1, 1, *[0] * 6)},
            '1 customer became high risk today; 0.1 a day in the 7 days before',
        ),
        (
            'newly-high',
            {'newly_high': (0, 7, *[0] * 6)},
            'No customer became high risk today; 1.0 a day in the 7 days before',
        ),
        ('high-share', {'customers': 1, 'customers_high': 1}, 'The only customer is at high risk'),
        ('high-share', {'customers': 9, 'customers_high': 9}, 'All 9 customers are at high risk'),
        ('high-share', {'customers': 5, 'customers_high': 1}, '20.0 % of customers are at high risk (1 of 5)'),
    ],
)
def test_messages_have_words_for_none_one_and_all(key: str, given: dict[str, Any], words: str) -> None:
    assert RULE[key].message(facts(**given)) == words


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6) | st.sampled_from([1, 2, 4, 20, 40]))
def test_a_message_tells_a_figure_rounded_half_to_even(numerator: int, denominator: int) -> None:
    assert tenths(numerator, denominator) == f'{float(round(Fraction(numerator, denominator), 1)):.1f}'


# --- their facts ---------------------------------------------------------------------------------------------------


class Person:
    """A user whose alerts are looked at."""

    def __init__(self, database: Database, email: str = 'alice@example.com', zone: str = 'UTC') -> None:
        self.database, self.zone = database, zone
        self.clock = SettableClock(NOW)
        self.alerts = Alerts(database)
        with database.writing() as session:
            user_id = users.add(session, email, password_hash='x', time_zone=zone).id
        assert user_id
        self.user_id = user_id

    def take(self, rows: Iterable[PredictionRow]) -> None:
        Ingest(self.database, clock=self.clock).take(self.user_id, rows, kind=SourceKind.API, name='')

    def score(self, high: int, low: int, *, at: datetime | None = None, start: int = 0) -> None:
        """Score customers: so many at high risk, then so many at low."""
        scores = [900_000] * high + [100_000] * low
        micros = to_micros(at or self.clock.now)
        self.take(PredictionRow(1, f'C{number}', score, micros) for number, score in enumerate(scores, start=start))

    @property
    def selection(self) -> Selection:
        return DASHBOARD.selection(self.user_id, DashboardQuery(), zone=self.zone, now=self.clock.now)

    def evaluate(self) -> Evaluation:
        return self.alerts.evaluate(self.selection, self.clock.now)

    def active(self) -> list[str]:
        return [alert.type.value for alert in self.evaluate().active]

    def facts(self) -> AlertFacts:
        with self.database.reading() as session:
            return alert_facts(session, self.selection, self.clock.now)


@pytest.fixture
def alice(database: Database) -> Person:
    return Person(database)


def test_the_facts_are_those_of_all_the_users_data(alice: Person) -> None:
    alice.score(1, 2)
    alice.score(2, 0, at=NOW - 8 * DAY, start=1)
    found = alice.facts()
    assert (found.customers, found.customers_high, found.newest) == (3, 1, NOW)
    assert (found.week, found.week_before) == (Total(count=3, sum=1_100_000), Total(count=2, sum=1_800_000))
    assert found.newly_high == (1, 0, 0, 0, 0, 0, 0, 0)


def test_facts_of_a_user_without_data_are_empty_and_start_nothing(alice: Person) -> None:
    Person(alice.database, 'bob@example.com').score(5, 0, at=NOW - 3 * DAY)
    assert alice.facts() == facts()
    assert alice.evaluate() == Evaluation(at=NOW, active=(), started=(), newest=None, complete=True)


@pytest.mark.parametrize(
    ('zone', 'now'),
    [
        ('UTC', '2026-11-23T12:00Z'),
        ('Asia/Kathmandu', '2026-11-23T18:20Z'),
        ('Europe/Berlin', '2026-11-01T12:00Z'),
        # the clock changed at midnight: as today, the first of the 7 days before, and between them, began
        ('Asia/Beirut', '2026-03-29T09:00Z'),
        ('Asia/Beirut', '2026-04-01T09:00Z'),
        ('Asia/Beirut', '2026-04-05T09:00Z'),
        ('Asia/Beirut', '2026-11-01T09:00Z'),
        ('America/Havana', '2026-03-15T09:00Z'),
        ('America/Havana', '2026-11-08T09:00Z'),
    ],
)
def test_newly_high_customers_are_counted_as_a_plain_recomputation_does(
    database: Database, zone: str, now: str
) -> None:
    rng = random.Random(f'{zone}{now}')
    instant = datetime.fromisoformat(now)
    today = instant.astimezone(ZoneInfo(zone)).date()
    for number in range(8):
        person = Person(database, f'user{number}@example.com', zone)
        person.clock.now = instant
        rows = {}
        for _ in range(30):
            midnight = datetime.combine(today - rng.randrange(10) * DAY, datetime.min.time(), ZoneInfo(zone))
            minutes = rng.choice([-90, -59, -30, -1, 0, 1, 30, 61, 90, 300])
            at = min(midnight.astimezone(UTC) + timedelta(minutes=minutes), instant)
            row = PredictionRow(1, rng.choice('ABCD'), rng.choice([100_000, 699_999, 700_000]), to_micros(at))
            rows[row.customer_id, row.predicted_at, row.score] = row
        person.take(rows.values())
        assert list(person.facts().newly_high) == Oracle(rows_of(rows.values()), now=instant, zone=zone).newly_high()


def test_who_was_high_before_the_clock_changed_at_midnight_does_not_become_high_after_it(database: Database) -> None:
    """Havana went from 24:00 to 01:00 at 05:00 UTC of the 8th, which begins the 7 days before the 15th."""
    person = Person(database, zone='America/Havana')
    person.clock.now = datetime(2026, 3, 15, 12, tzinfo=UTC)
    scored = [('2026-03-06T12:00Z', 100_000), ('2026-03-08T04:30Z', 900_000), ('2026-03-08T15:00Z', 900_000)]
    person.take(PredictionRow(1, 'A', score, to_micros(datetime.fromisoformat(at))) for at, score in scored)
    assert person.facts().newly_high == (0,) * 8


# --- their life ----------------------------------------------------------------------------------------------------


def test_an_alert_starts_once_and_keeps_its_id_and_time_while_it_is_active(alice: Person) -> None:
    alice.score(2, 8)
    first = alice.evaluate()
    (alert,) = first.active
    assert (first.started, alert.type, alert.timestamp) == ((alert,), 'critical', rfc3339(NOW))
    assert '20.0 %' in alert.message

    alice.clock.advance(hours=1)
    alice.score(3, 7)
    alice.alerts = Alerts(alice.database)  # as after a restart
    second = alice.evaluate()

    assert second.started == ()
    assert [(again.id, again.timestamp) for again in second.active] == [(alert.id, alert.timestamp)]
    assert '30.0 %' in second.active[0].message


def test_an_alert_stays_until_its_end_is_reached_and_is_another_one_when_it_comes_back(alice: Person) -> None:
    def told(high: int) -> list[tuple[str, str]]:
        alice.clock.advance(minutes=1)
        alice.score(high, 50 - high)
        return [(alert.id, alert.timestamp) for alert in alice.evaluate().active if alert.type == 'critical']

    first = told(10)
    assert first == told(9)
    assert told(8) == told(9) == []
    second = told(10)
    assert len(first) == len(second) == 1
    assert second[0][0] != first[0][0]
    assert second[0][1] == rfc3339(alice.clock.now)


def test_a_surge_ends_with_its_day_and_may_start_anew_on_the_next(alice: Person) -> None:
    alice.score(0, 100, at=NOW - 3 * DAY)
    alice.score(6, 0)
    (first,) = alice.evaluate().active
    assert (first.type, first.message[:11]) == ('warning', '6 customers')

    alice.clock.now = datetime(2026, 11, 23, 23, 59, 59, 999_999, tzinfo=UTC)
    assert [alert.id for alert in alice.evaluate().active] == [first.id]
    alice.clock.advance(microseconds=1)
    assert alice.evaluate().active == ()

    alice.clock.advance(hours=9)
    alice.score(6, 0, start=10)
    (second,) = alice.evaluate().started
    assert second.id != first.id


def test_a_surge_that_goes_on_over_midnight_is_another_alert(alice: Person) -> None:
    alice.score(0, 100, at=NOW - 3 * DAY)
    alice.score(6, 0)
    (first,) = alice.evaluate().active
    alice.clock.advance(days=1)
    alice.score(6, 0, start=10)

    evaluation = alice.evaluate()

    (second,) = evaluation.active
    assert evaluation.started == (second,)
    assert (second.id != first.id, second.timestamp) == (True, rfc3339(alice.clock.now))


def test_the_day_a_surge_ends_with_is_the_users(database: Database) -> None:
    person = Person(database, zone='America/Los_Angeles')
    person.score(0, 100, at=NOW - 3 * DAY)
    person.score(6, 0)
    person.clock.now = datetime(2026, 11, 24, 7, 59, tzinfo=UTC)
    assert person.active() == ['warning']
    person.clock.advance(minutes=1)
    assert person.active() == []


def test_a_rise_of_the_mean_is_told_until_it_is_below_4_points(alice: Person) -> None:
    low, high = NOW - 8 * DAY, NOW
    alice.take([PredictionRow(1, 'A', 300_000, to_micros(low))])
    alice.take([PredictionRow(1, 'A', 350_000, to_micros(high), external_id='X')])
    (first,) = alice.evaluate().active
    assert (first.type, '5.0 points' in first.message) == ('warning', True)
    for score, ids in ((340_000, [first.id]), (339_999, [])):
        alice.take([PredictionRow(1, 'A', score, to_micros(high), external_id='X')])
        assert [alert.id for alert in alice.evaluate().active] == ids


def test_silence_is_told_until_new_predictions_come(alice: Person) -> None:
    alice.score(0, 1)
    alice.clock.advance(hours=48)
    assert alice.active() == []
    alice.clock.advance(microseconds=1)
    assert alice.active() == ['info']
    alice.score(0, 1)
    assert alice.active() == []


def test_the_most_severe_alerts_come_first_and_then_the_newest(alice: Person) -> None:
    alice.score(0, 10, at=NOW - 8 * DAY)
    alice.score(2, 8)
    share, rise = alice.evaluate().active
    alice.clock.advance(minutes=1)
    alice.score(7, 3)
    (surge,) = alice.evaluate().started
    assert [alert.type for alert in (share, surge, rise)] == ['critical', 'warning', 'warning']
    assert [alert.id for alert in alice.evaluate().active] == [share.id, surge.id, rise.id]


def test_two_that_evaluate_at_once_share_one_alert(alice: Person) -> None:
    alice.score(2, 8)
    other = Database.open(alice.database.engine.url.render_as_string(hide_password=False))
    first, second = alice.evaluate(), Alerts(other).evaluate(alice.selection, alice.clock.now)
    other.close()
    assert [alert.id for alert in first.active] == [alert.id for alert in second.active]
    assert (len(first.started), second.started) == (1, ())


def test_facts_that_were_read_before_are_taken_while_nothing_has_changed_since(alice: Person) -> None:
    alice.score(2, 8)
    found, revision = alice.facts(), revision_of(alice)
    calm = found._replace(customers_high=0)  # not what the database holds: so it shows which are taken
    later = alice.clock.now + timedelta(seconds=5)

    def evaluate(facts: AlertFacts, revision: int) -> dict[int, Evaluation]:
        known = KnownFacts(selection=alice.selection, revision=revision, facts=facts)
        return alice.alerts.evaluate_known([known], later)

    evaluation = evaluate(calm, revision)[alice.user_id]
    assert (evaluation.active, evaluation.at) == ((), later)
    assert evaluate(calm, revision - 1) == {}
    assert evaluate(calm._replace(today=calm.today + DAY), revision) == {}
    assert len(evaluate(found, revision)[alice.user_id].active) == 1


def test_many_are_decided_as_each_alone(alice: Person) -> None:
    people = [alice, *(Person(alice.database, f'{number}@example.com') for number in range(5))]
    starting, going_on, ending, calm, moved, also_starting = people
    for person in (starting, going_on, ending, moved, also_starting):
        person.score(2, 8)
    calm.score(0, 10)
    kept, ended = going_on.evaluate().active, ending.evaluate().active
    ending.score(0, 10)
    known = [known_facts(person) for person in people]
    moved.score(0, 1, start=50)
    found = alice.alerts.evaluate_known(known, alice.clock.now)
    assert moved.user_id not in found
    assert [found[person.user_id].active for person in (going_on, ending, calm)] == [kept, (), ()]
    assert ended
    for person in (starting, also_starting):
        evaluation = found[person.user_id]
        assert evaluation.active == evaluation.started == person.evaluate().active
        assert [alert.type for alert in evaluation.active] == ['critical']
    assert [found[person.user_id].started for person in (going_on, ending, calm)] == [(), (), ()]
    assert all(evaluation.complete for evaluation in found.values())


def test_what_cannot_be_written_of_many_is_told_of_those_alone_whom_it_concerns(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm = Person(alice.database, 'calm@example.com')
    alice.score(2, 8)
    calm.score(0, 10)
    known = [known_facts(person) for person in (alice, calm)]

    def refuse(*_args: object, **_options: object) -> None:
        raise Unavailable('Another writer holds it.')

    with monkeypatch.context() as patch:
        patch.setattr(alice.database, 'writing', refuse)
        found = alice.alerts.evaluate_known(known, alice.clock.now)
    assert [found[person.user_id].complete for person in (alice, calm)] == [False, True]
    assert [found[person.user_id].active for person in (alice, calm)] == [(), ()]
    again = alice.alerts.evaluate_known(known, alice.clock.now)
    assert len(again[alice.user_id].started) == 1


def known_facts(person: Person) -> KnownFacts:
    return KnownFacts(selection=person.selection, revision=revision_of(person), facts=person.facts())


def revision_of(person: Person) -> int:
    with person.database.reading() as session:
        return user_states(session, [person.user_id])[person.user_id].revision


def test_alerts_of_one_user_are_not_anothers(alice: Person) -> None:
    bob = Person(alice.database, 'bob@example.com')
    alice.score(2, 8)
    bob.score(1, 9)
    before = alice.evaluate().active
    assert bob.active() == []
    assert alice.evaluate().active == before
    bob.score(3, 7)
    (other,) = bob.evaluate().started
    assert other.id != before[0].id
