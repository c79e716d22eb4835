"""Decides which alerts of a user start and which end."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlmodel import Session

from services.alert_facts import alert_facts
from services.alert_rules import RULES, AlertFacts, AlertRule
from services.alert_states import Active, ActiveAlert, active_alerts, end_alerts, start_alerts
from services.calendar import day_of
from services.clock import from_micros, micros_rfc3339
from services.database import Database
from services.errors import Unavailable
from services.many_users import AMONG_USERS, dialect_of, for_driver, users_parameter
from services.schemas import Alert, AlertType
from services.selection import Selection

log = logging.getLogger(__name__)

MAX_ALERTS = 20
ALERT_WAIT = 0.5
"""Seconds to wait for another writer: readers wait meanwhile, and the next beat comes soon."""

SEVERITY = list(AlertType)

REVISIONS = {
    name: for_driver(f'SELECT user_id, revision FROM user_revision WHERE user_id {among}', name)
    for name, among in AMONG_USERS.items()
}


class Evaluation(NamedTuple):
    """What was decided ``at`` some time, with the newest prediction of then. A tuple, as the facts."""

    at: datetime
    active: tuple[Alert, ...]
    started: tuple[Alert, ...]
    """Those of the active ones that this evaluation started."""
    newest: datetime | None
    complete: bool
    """Not, if the database could be read but not written: what should start or end does so another time."""


ByRule = Mapping[str, ActiveAlert]


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class KnownFacts:
    """Facts of a user that were read before, as of a revision of the data."""

    selection: Selection
    """Of all the user's data."""
    revision: int
    facts: AlertFacts

    @property
    def user_id(self) -> int:
        return self.selection.user_id


class Case(NamedTuple):
    """What is decided about."""

    facts: AlertFacts
    known: ByRule
    zone: ZoneInfo


class Change(NamedTuple):
    """What is to be written of a user."""

    start: list[AlertRule]
    end: list[ActiveAlert]


class Alerts:
    """Evaluates the rules of a user."""

    def __init__(self, database: Database, *, rules: Sequence[AlertRule] = RULES) -> None:
        self._database = database
        self._rules = rules

    def settled(self, facts: AlertFacts, active: Active, zone: ZoneInfo) -> Evaluation | None:
        """What is decided without writing anything; ``None`` if something starts or ends. Does not block.

        :param active: the user's active alerts as of the facts.
        """
        case = Case(facts, _by_rule(active), zone)
        return self._evaluation(case, complete=True) if self._change(case) is None else None

    def evaluate(self, selection: Selection, now: datetime) -> Evaluation:
        """Start and end what the facts demand; a database that nothing changes in is only read.

        This blocks, as does :meth:`evaluate_known`: run it on a worker thread.
        """
        user_id = selection.user_id
        with self._database.reading() as session:
            facts = alert_facts(session, selection, now)
            known = _by_rule(active_alerts(session, [user_id]).get(user_id, ()))
        return self._conclude({user_id: Case(facts, known, selection.zone)}, now)[user_id]

    def evaluate_known(self, known: Collection[KnownFacts], now: datetime) -> dict[int, Evaluation]:
        """The same of many users, by two transactions at most.

        :param known: one of each user.
        :returns: by user; one whose data or day is another one by now is left out.
        """
        ids = [each.user_id for each in known]
        with self._database.reading() as session:
            revisions = _revisions(session, ids)
            active = active_alerts(session, ids)
        cases = {
            each.user_id: Case(each.facts.at(now), _by_rule(active.get(each.user_id, ())), each.selection.zone)
            for each in known
            if revisions.get(each.user_id) == each.revision and each.facts.today == each.selection.today
        }
        return self._conclude(cases, now)

    def _conclude(self, cases: Mapping[int, Case], now: datetime) -> dict[int, Evaluation]:
        changes = {user_id: change for user_id, case in cases.items() if (change := self._change(case))}
        changed = self._write(changes, now) if changes else {}
        unchanged = {
            user_id: self._evaluation(case, complete=user_id not in changes)
            for user_id, case in cases.items()
            if changed is None or user_id not in changes
        }
        return unchanged | {
            user_id: self._evaluation(
                cases[user_id]._replace(known=_by_rule(active)),
                begun={rule.key for rule in changes[user_id].start},
                complete=True,
            )
            for user_id, active in (changed or {}).items()
        }

    def _change(self, case: Case) -> Change | None:
        """The rules whose alerts start, and the alerts that end; ``None``: all stays as it is."""
        facts, known, zone = case
        start = [rule for rule in self._rules if rule.key not in known and rule.starts(facts)]
        end = [rule for rule in self._rules if rule.key in known and _ended(rule, known[rule.key], facts, zone)]
        if not (start or end):
            return None
        # an alert that ends with its day may start anew with the same facts
        return Change(start + [rule for rule in end if rule.starts(facts)], [known[rule.key] for rule in end])

    def _evaluation(self, case: Case, *, begun: Collection[str] = (), complete: bool) -> Evaluation:
        facts = case.facts
        active = self._present(case.known, facts)
        return Evaluation(
            at=facts.now,
            active=tuple(active.values())[:MAX_ALERTS],
            started=tuple([alert for key, alert in active.items() if key in begun]) if begun else (),
            newest=facts.newest,
            complete=complete,
        )

    def _write(self, changes: Mapping[int, Change], now: datetime) -> dict[int, Active] | None:
        """What is active then, by user; ``None``: nothing could be written, as another writer may hold the database."""
        try:
            with self._database.writing(wait=ALERT_WAIT) as session:
                end_alerts(session, [alert.id for change in changes.values() for alert in change.end], now)
                start_alerts(
                    session, [(user_id, rule.key) for user_id, change in changes.items() for rule in change.start], now
                )
                active = active_alerts(session, changes)
                return {user_id: active.get(user_id, ()) for user_id in changes}
        except Unavailable:
            log.warning('The alerts of %d users could not be written; the next beat tries again', len(changes))
            return None

    def _present(self, known: ByRule, facts: AlertFacts) -> dict[str, Alert]:
        """Most severe first, then newest first; the message tells the present figures."""
        pairs = [(known[rule.key], rule) for rule in self._rules if rule.key in known]
        if len(pairs) > 1:
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


def _by_rule(active: Active) -> ByRule:
    return {alert.rule: alert for alert in active}


def _revisions(session: Session, user_ids: Collection[int]) -> dict[int, int]:
    """Of the data, by user."""
    dialect = dialect_of(session)
    found = session.connection().exec_driver_sql(REVISIONS[dialect], users_parameter(user_ids, dialect))
    return {user_id: revision for user_id, revision in found}


def _ended(rule: AlertRule, state: ActiveAlert, facts: AlertFacts, zone: ZoneInfo) -> bool:
    return rule.ends(facts, lambda: day_of(from_micros(state.started_at), zone))
