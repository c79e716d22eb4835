"""Which alerts of a user are active, kept in the database so that id and start survive a restart."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from sys import intern
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from services.alert_facts import alert_facts
from services.alert_rules import RULES, AlertFacts, AlertRule
from services.calendar import day_of
from services.clock import from_micros, micros_rfc3339, to_micros
from services.database import Database
from services.errors import Unavailable
from services.many_users import dialect_of, of_users, users_parameter
from services.models import AlertState, UserRevision
from services.schemas import Alert, AlertType
from services.selection import Selection

log = logging.getLogger(__name__)

MAX_ALERTS = 20
ALERT_WAIT = 0.5
"""Seconds to wait for another writer: readers wait meanwhile, and the next beat comes soon."""

SEVERITY = list(AlertType)


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """What was decided ``at`` some time, with the newest prediction of then."""

    at: datetime
    active: tuple[Alert, ...]
    started: tuple[Alert, ...]
    """Those of the active ones that this evaluation started."""
    newest: datetime | None
    complete: bool
    """Not, if the database could be read but not written: what should start or end does so another time."""


class ActiveAlert(NamedTuple):
    """An alert as it is kept, from its start to its end."""

    id: int
    rule: str
    started_at: int


Active = tuple[ActiveAlert, ...]
"""The active alerts of a user, at most one of a rule."""


ByRule = Mapping[str, ActiveAlert]


class EarlierFacts(NamedTuple):
    """Facts of a user that were read before, as of a revision of the data."""

    revision: int
    facts: AlertFacts


class Alerts:
    """Evaluates the rules of a user."""

    def __init__(self, database: Database, *, rules: Sequence[AlertRule] = RULES) -> None:
        self._database = database
        self._rules = rules

    def settled(self, facts: AlertFacts, active: Active, zone: ZoneInfo) -> Evaluation | None:
        """What is decided without writing anything; ``None`` if something starts or ends. Does not block.

        :param active: the user's active alerts as of the facts.
        """
        known = _by_rule(active)
        start, end = self._decide(facts, known, zone)
        return None if start or end else self._evaluation(facts, known, begun=set(), complete=True)

    def evaluate(self, selection: Selection, now: datetime, *, earlier: EarlierFacts | None = None) -> Evaluation:
        """Start and end what the facts demand; a database that nothing changes in is only read.

        This blocks: run it on a worker thread.

        :param earlier: taken instead of reading them anew, if nothing has changed since.
        """
        user_id = selection.user_id
        with self._database.reading() as session:
            facts = _still(session, selection, earlier, now) or alert_facts(session, selection, now)
            known = _by_rule(active_alerts(session, [user_id]).get(user_id, ()))
        start, end = self._decide(facts, known, selection.zone)
        if not (start or end):
            return self._evaluation(facts, known, begun=set(), complete=True)
        changed = self._change(user_id, start, [known[rule.key] for rule in end], now)
        if changed is None:
            return self._evaluation(facts, known, begun=set(), complete=False)
        return self._evaluation(facts, _by_rule(changed), begun={rule.key for rule in start}, complete=True)

    def _decide(self, facts: AlertFacts, known: ByRule, zone: ZoneInfo) -> tuple[list[AlertRule], list[AlertRule]]:
        """The rules whose alerts start, and those whose alerts end."""
        start = [rule for rule in self._rules if rule.key not in known and rule.starts(facts)]
        end = [rule for rule in self._rules if rule.key in known and _ended(rule, known[rule.key], facts, zone)]
        # an alert that ends with its day may start anew with the same facts
        return start + [rule for rule in end if rule.starts(facts)], end

    def _evaluation(self, facts: AlertFacts, known: ByRule, *, begun: set[str], complete: bool) -> Evaluation:
        active = self._present(known, facts)
        return Evaluation(
            at=facts.now,
            active=tuple(active.values())[:MAX_ALERTS],
            started=tuple(alert for key, alert in active.items() if key in begun),
            newest=facts.newest,
            complete=complete,
        )

    def _change(self, user_id: int, start: list[AlertRule], end: list[ActiveAlert], now: datetime) -> Active | None:
        """What is active then; ``None``: it could not be written, since another writer may hold the database long."""
        try:
            with self._database.writing(wait=ALERT_WAIT) as session:
                _end(session, end, now)
                _start(session, user_id, start, now)
                return active_alerts(session, [user_id]).get(user_id, ())
        except Unavailable:
            log.warning('The alerts of user %s could not be written; the next beat tries again', user_id)
            return None

    def _present(self, known: ByRule, facts: AlertFacts) -> dict[str, Alert]:
        """Most severe first, then newest first; the message tells the present figures."""
        pairs = [(known[rule.key], rule) for rule in self._rules if rule.key in known]
        pairs.sort(key=lambda pair: (SEVERITY.index(pair[1].type), -pair[0].started_at))
        return {
            rule.key: Alert(
                type=rule.type,
                message=rule.message(facts),
                timestamp=micros_rfc3339(state.started_at),
                id=str(state.id),
            )
            for state, rule in pairs
        }


def active_alerts(session: Session, user_ids: Collection[int]) -> dict[int, Active]:
    """The active alerts by user; a user without any is absent."""
    found: defaultdict[int, Active] = defaultdict(tuple)
    dialect = dialect_of(session)
    for user_id, number, rule, started_at in session.connection().execute(
        _active(dialect), users_parameter(user_ids, dialect)
    ):
        found[user_id] += (ActiveAlert(number, intern(rule), started_at),)
    return found


def _by_rule(active: Active) -> ByRule:
    return {alert.rule: alert for alert in active}


@cache
def _active(dialect: str) -> Select[*tuple[Any, ...]]:
    state = AlertState
    return select(col(state.user_id), col(state.id), col(state.rule), col(state.started_at)).where(
        of_users(col(state.user_id), dialect), col(state.ended_at).is_(None)
    )


def _still(session: Session, selection: Selection, earlier: EarlierFacts | None, now: datetime) -> AlertFacts | None:
    """What was read earlier, if the data and the day are the same."""
    if earlier is None or earlier.facts.today != selection.today:
        return None
    revision = select(col(UserRevision.revision)).where(col(UserRevision.user_id) == selection.user_id)
    return earlier.facts._replace(now=now) if session.scalar(revision) == earlier.revision else None


def _ended(rule: AlertRule, state: ActiveAlert, facts: AlertFacts, zone: ZoneInfo) -> bool:
    return rule.ends(facts, lambda: day_of(from_micros(state.started_at), zone))


def _start(session: Session, user_id: int, rules: list[AlertRule], now: datetime) -> None:
    """Another process may start the same alert at the same time: one of them wins, and both then read it."""
    if not rules:
        return
    dialect: Any = sqlite if session.get_bind().dialect.name == 'sqlite' else postgresql
    rows = [{'user_id': user_id, 'rule': rule.key, 'started_at': to_micros(now)} for rule in rules]
    session.execute(dialect.insert(AlertState).values(rows).on_conflict_do_nothing())


def _end(session: Session, states: list[ActiveAlert], now: datetime) -> None:
    ids = [state.id for state in states]
    if ids:
        session.execute(update(AlertState).where(col(AlertState.id).in_(ids)).values(ended_at=to_micros(now)))
