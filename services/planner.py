"""Which way a query is answered: from the rollups where they can, by SQL over the predictions where they cannot."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import func, literal, select
from sqlmodel import Session, col

from services.found_customers import find
from services.models import Prediction, UserRevision
from services.plan import Plan, Route
from services.query import DashboardQuery
from services.rollup_state import Built, current, state_of
from services.rollup_tables import RollupDay
from services.score_ranges import score_ranges
from services.selection import Selection

LEADING = (Route.CUSTOMERS, Route.SCORES, Route.SOURCES, Route.DAYS)

AT_ONCE = 100_000
"""Predictions that are gone through while somebody waits: a third of a second, on either database."""

WORTH_FINDING = 5
"""Customers are found before their predictions if there are so many times fewer than may be gone through at once."""

NARROW = 5
"""A route with a fifth of all predictions costs as much as going through all of them: those are in order."""


def plan(session: Session, selection: Selection, *, at_once: int = AT_ONCE) -> Plan:
    """How to answer a query, from how many predictions each of its conditions leaves.

    The rollups, if they know; else the condition that leaves the fewest leads, if those are few; else all are gone
    through. Nothing is counted further than it matters.

    :param at_once: predictions that may be gone through while somebody waits.
    """
    if rollups_answer(session, selection):
        return Plan(route=Route.ROLLUPS)
    through_all = _through_all(session, selection, at_once=at_once)
    rows = {route: _rows_on(session, selection, replace(through_all, route=route), most=at_once) for route in LEADING}
    route = min(rows, key=lambda route: rows[route])
    if rows[route] <= at_once and (through_all.takes_long or rows[route] * NARROW < through_all.rows):
        return replace(through_all, route=route, rows=rows[route], takes_long=False)
    return through_all


def rollups_answer(session: Session, selection: Selection) -> bool:
    """Whether the rollups hold the answer to a query, whatever its dates.

    They do not know single predictions: "latest" and "distinct" under a filter need those. Nor do they know another
    zone or other risk bands than those they were built for.
    """
    if is_filter(selection.query):
        return False
    return state_of(session, selection.user_id) == Built(zone=selection.zone.key, bands=selection.bands)


def is_filter(query: DashboardQuery) -> bool:
    """Whether a query asks for more than days."""
    bounds = (query.min_score, query.max_score)
    return bool(query.risk or query.text or query.source) or any(bound is not None for bound in bounds)


def predictions_of(session: Session, user_id: int) -> int:
    """How many predictions a user has; where no rollups know it, how many there ever were."""
    days = select(func.sum(col(RollupDay.count))).where(current(RollupDay, user_id)).scalar_subquery()
    arrivals = select(func.coalesce(days, col(UserRevision.arrivals))).where(col(UserRevision.user_id) == user_id)
    return int(session.execute(arrivals).scalar_one())


def _through_all(session: Session, selection: Selection, *, at_once: int) -> Plan:
    """The plan that always works, with what is found out for any."""
    query, rows = selection.query, predictions_of(session, selection.user_id)
    return Plan(
        route=Route.ALL,
        rows=rows,
        takes_long=rows > at_once,
        found=query.text is not None and find(session, selection.named(), most=at_once // WORTH_FINDING),
        sources=() if query.source is None else tuple(session.execute(selection.sources()).scalars()),
        by_arrival=session.get_bind().dialect.name == 'sqlite',
    )


def _rows_on(session: Session, selection: Selection, plan: Plan, *, most: int) -> int:
    """How many predictions are on a route; one more than ``most`` if there are more, or if it leads nowhere."""
    leading = replace(selection, plan=plan).leading()
    if leading is None or not _is_one_stretch(selection, plan):
        return most + 1
    rows = select(literal(1)).where(col(Prediction.user_id) == selection.user_id, leading).limit(most + 1)
    return int(session.execute(select(func.count()).select_from(rows.subquery())).scalar_one())


def _is_one_stretch(selection: Selection, plan: Plan) -> bool:
    """Whether an index has the route's predictions together, or by customers that were found."""
    if plan.route is Route.SCORES:
        return len(score_ranges(selection.query, selection.bands)) < 2
    return plan.route is not Route.CUSTOMERS or plan.found
