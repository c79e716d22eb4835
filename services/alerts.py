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
from services.models import AlertState
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

    def evaluate(self, selection: Selection, now: datetime) -> Evaluation:
        """Start and end what the facts demand; a database that nothing changes in is only read.

        This blocks: run it on a worker thread.
        """
        user_id = selection.user_id
        with self._database.reading() as session:
            facts = alert_facts(session, selection, now)
            known = _by_rule(active_alerts(session, [user_id]).get(user_id, ()))
        start, end = self._decide(facts, known, selection.zone)
        complete = not (start or end) or self._change(user_id, start, [known[rule.key] for rule in end], now)
        if (start or end) and complete:
            with self._database.reading() as session:
                known = _by_rule(active_alerts(session, [user_id]).get(user_id, ()))
        begun = {rule.key for rule in start} if complete else set()
        return self._evaluation(facts, known, begun=begun, complete=complete)

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

    def _change(self, user_id: int, start: list[AlertRule], end: list[ActiveAlert], now: datetime) -> bool:
        """Whether it could be written; another writer may hold the database for long."""
        try:
            with self._database.writing(wait=ALERT_WAIT) as session:
                _end(session, end, now)
                _start(session, user_id, start, now)
        except Unavailable:
            log.warning('The alerts of user %s could not be written; the next beat tries again', user_id)
            return False
        return True

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
