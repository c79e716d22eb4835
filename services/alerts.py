"""Which alerts of a user are active, kept in the database so that id and start survive a restart."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from services.alert_facts import alert_facts
from services.alert_rules import RULES, AlertFacts, AlertRule
from services.calendar import day_of
from services.clock import from_micros, rfc3339, to_micros
from services.database import Database
from services.errors import Unavailable
from services.models import AlertState
from services.schemas import Alert, AlertType
from services.selection import Selection

log = logging.getLogger(__name__)

MAX_ALERTS = 20
ALERT_WAIT = 0.5
"""Seconds to wait for another writer: readers wait meanwhile, and the next beat comes soon."""

SEVERITY = list(AlertType)


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What was decided ``at`` some time, with the newest prediction of then."""

    at: datetime
    active: tuple[Alert, ...]
    started: tuple[Alert, ...]
    """Those of the active ones that this evaluation started."""
    newest: datetime | None
    complete: bool
    """Not, if the database could be read but not written: what should start or end does so another time."""


class Alerts:
    """Evaluates the rules of a user. Everything here blocks: run it on a worker thread."""

    def __init__(self, database: Database, *, rules: Sequence[AlertRule] = RULES) -> None:
        self._database = database
        self._rules = rules

    def evaluate(self, selection: Selection, now: datetime) -> Evaluation:
        """Start and end what the facts demand; a database that nothing changes in is only read."""
        with self._database.reading() as session:
            facts = alert_facts(session, selection, now)
            known = _active(session, selection.user_id)
        start = [rule for rule in self._rules if rule.key not in known and rule.starts(facts)]
        end = [
            rule for rule in self._rules if rule.key in known and self._ended(rule, known[rule.key], facts, selection)
        ]
        # an alert that ends with its day may start anew with the same facts
        start += [rule for rule in end if rule.starts(facts)]
        complete = not (start or end) or self._change(selection.user_id, start, [known[rule.key] for rule in end], now)
        if (start or end) and complete:
            with self._database.reading() as session:
                known = _active(session, selection.user_id)
        active = self._present(known, facts)
        begun = {rule.key for rule in start} if complete else set()
        return Evaluation(
            at=now,
            active=tuple(active.values())[:MAX_ALERTS],
            started=tuple(alert for key, alert in active.items() if key in begun),
            newest=facts.newest,
            complete=complete,
        )

    def _change(self, user_id: int, start: list[AlertRule], end: list[AlertState], now: datetime) -> bool:
        """Whether it could be written; another writer may hold the database for long."""
        try:
            with self._database.writing(wait=ALERT_WAIT) as session:
                _end(session, end, now)
                _start(session, user_id, start, now)
        except Unavailable:
            log.warning('The alerts of user %s could not be written; the next beat tries again', user_id)
            return False
        return True

    @staticmethod
    def _ended(rule: AlertRule, state: AlertState, facts: AlertFacts, selection: Selection) -> bool:
        return rule.ends(facts, day_of(from_micros(state.started_at), selection.zone))

    def _present(self, known: dict[str, AlertState], facts: AlertFacts) -> dict[str, Alert]:
        """Most severe first, then newest first; the message tells the present figures."""
        pairs = [(known[rule.key], rule) for rule in self._rules if rule.key in known]
        pairs.sort(key=lambda pair: (SEVERITY.index(pair[1].type), -pair[0].started_at))
        return {
            rule.key: Alert(
                type=rule.type,
                message=rule.message(facts),
                timestamp=rfc3339(from_micros(state.started_at)),
                id=str(state.id),
            )
            for state, rule in pairs
        }


def _active(session: Session, user_id: int) -> dict[str, AlertState]:
    states = session.execute(
        select(AlertState).where(col(AlertState.user_id) == user_id, col(AlertState.ended_at).is_(None))
    ).scalars()
    found = {state.rule: state for state in states}
    session.expunge_all()
    return found


def _start(session: Session, user_id: int, rules: list[AlertRule], now: datetime) -> None:
    """Another process may start the same alert at the same time: one of them wins, and both then read it."""
    if not rules:
        return
    dialect: Any = sqlite if session.get_bind().dialect.name == 'sqlite' else postgresql
    rows = [{'user_id': user_id, 'rule': rule.key, 'started_at': to_micros(now)} for rule in rules]
    session.execute(dialect.insert(AlertState).values(rows).on_conflict_do_nothing())


def _end(session: Session, states: list[AlertState], now: datetime) -> None:
    ids = [state.id for state in states]
    if ids:
        session.execute(update(AlertState).where(col(AlertState.id).in_(ids)).values(ended_at=to_micros(now)))
