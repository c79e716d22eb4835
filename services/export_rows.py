"""The predictions of an export: counted when it is asked for, read in one piece when it is fetched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlmodel import Session, col

from services.dashboard import Dashboard
from services.models import Prediction
from services.plan import Route
from services.recent import prediction_rows
from services.rollup_reads import aggregate_rollups
from services.selection import Selection
from services.user_states import UserState

PAGE = 2_000


def count_all(session: Session, dashboard: Dashboard, selection: Selection) -> int:
    """How many predictions a query has now."""
    planned = dashboard.planned(session, selection)
    if _route(planned) is Route.ROLLUPS:
        return aggregate_rollups(session, planned).all.count
    return _count(session, planned.conditions())


def count_of(session: Session, dashboard: Dashboard, selection: Selection, *, last_arrival: int) -> int:
    """How many of those that had arrived then it still has."""
    planned = _by_filter(dashboard.planned(session, selection))
    return _count(session, [*planned.conditions(), _arrived(last_arrival)])


def pages(
    session: Session, dashboard: Dashboard, selection: Selection, *, last_arrival: int
) -> Iterator[Sequence[Row[Any]]]:
    """The predictions of a query that had arrived then, newest first: one statement, so that they are of one state.

    A few are looked up by the condition that leaves the fewest, and sorted. Many are gone through in the order of time:
    sorting them would take longer, and nothing could be sent meanwhile.
    """
    rows = newest_first(session, dashboard, selection).where(_arrived(last_arrival))
    with session.execute(rows, execution_options={'yield_per': PAGE}) as found:
        yield from found.partitions()


def newest_first(session: Session, dashboard: Dashboard, selection: Selection) -> Select[*tuple[Any, ...]]:
    """The statement for the predictions of a query, greatest (predicted_at, arrival) first."""
    planned = _by_filter(dashboard.planned(session, selection))
    at, arrival = col(Prediction.predicted_at), col(Prediction.arrival)
    # the sums keep the database from going through all predictions in the order of time nevertheless
    newest = (at.desc(), arrival.desc()) if planned.plan is None else ((at + 0).desc(), (arrival + 0).desc())
    return prediction_rows().where(*planned.conditions()).order_by(*newest)


def is_unchanged(selection: Selection, before: UserState, now: UserState) -> bool:
    """Whether the rows that a query had before are certainly the same still.

    New predictions only add to them, but for one thing: they may give a customer another name, which a text looks for.
    """
    if before.rewritten != now.rewritten:
        return False
    return selection.query.text is None or before.revision == now.revision


def _count(session: Session, conditions: Sequence[ColumnElement[bool]]) -> int:
    return int(session.execute(select(func.count()).select_from(Prediction).where(*conditions)).scalar_one())


def _arrived(last_arrival: int) -> ColumnElement[bool]:
    """The sum keeps the arrival out of the choice of an index: nearly all predictions had arrived."""
    return col(Prediction.arrival) + 0 <= last_arrival


def _by_filter(planned: Selection) -> Selection:
    """With the plan only where a condition leads to few predictions."""
    return replace(planned, plan=None) if _route(planned) in (Route.ROLLUPS, Route.ALL) else planned


def _route(planned: Selection) -> Route:
    assert planned.plan is not None
    return planned.plan.route
