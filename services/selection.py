"""Which rows a query means, in SQL: the one place that turns a ``DashboardQuery`` into conditions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    Subquery,
    TableClause,
    and_,
    false,
    func,
    or_,
    select,
    true,
    tuple_,
)
from sqlmodel import col

from services.calendar import day_start
from services.found_customers import FOUND
from services.models import Customer, Prediction, Source
from services.plan import Plan, Route
from services.query import DashboardQuery
from services.score_ranges import EVERY, score_ranges
from services.scores import RiskBands
from services.visibility import visible

BY_ARRIVAL = {Route.SOURCES: (Route.SOURCES,), Route.DAYS: (Route.DAYS, Route.SCORES)}
"""Routes by an index without the customer, with the conditions that it can decide."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """A user's query on a day in the user's time zone."""

    user_id: int
    query: DashboardQuery
    zone: ZoneInfo
    today: date
    bands: RiskBands
    plan: Plan | None = None
    """How SQL goes about it; ``None``: as the database likes, in the order of time."""
    matched: TableClause | None = None
    """The table of the connection that its chained predictions are in, once they were looked for."""

    @property
    def anchor(self) -> date:
        """The day that "the last 7 days" end with: today, or the query's last day if that is earlier."""
        last = self.query.days(self.today)[1]
        return min(self.today, last) if last else self.today

    def start_of(self, day: date) -> int:
        return day_start(day, self.zone)

    def end_of(self, day: date) -> int:
        """The first instant after the day."""
        return day_start(day + timedelta(days=1), self.zone)

    def conditions(self) -> list[ColumnElement[bool]]:
        """What holds for every prediction of the query.

        Conditions that do not lead are written so that no index serves them: which one does is the plan's to say.
        """
        asked = self._asked()
        if self.plan is None or not self.plan.by_arrival or self.plan.route not in BY_ARRIVAL:
            return [*visible(self.user_id), *asked.values()]
        decides = BY_ARRIVAL[self.plan.route]
        told = select(col(Prediction.user_id), col(Prediction.arrival)).where(
            *visible(self.user_id), *(condition for route, condition in asked.items() if route in decides)
        )
        looked_up = tuple_(col(Prediction.user_id), col(Prediction.arrival)).in_(told)
        return [looked_up, *(condition for route, condition in asked.items() if route not in decides)]

    def leading(self) -> ColumnElement[bool] | None:
        """The condition that leads to the predictions by the plan's route; ``None``: the query asks nothing of it."""
        return self._asked().get(self.plan.route) if self.plan else None

    def chained(self) -> Subquery:
        """The query's predictions, each with the time of the same customer's next one (``next_at``, null for none).

        A prediction is its customer's latest before an instant exactly if it lies before it and its next does not:
        so one pass answers "latest", "distinct" and "as of" for any day.
        """
        if self.matched is not None:
            return select(self.matched).subquery('chained')
        following = func.lead(col(Prediction.predicted_at)).over(
            partition_by=self._customers_in_turn(),
            order_by=(col(Prediction.predicted_at), col(Prediction.arrival)),
        )
        return (
            select(
                col(Prediction.customer_id),
                col(Prediction.arrival),
                col(Prediction.score),
                col(Prediction.predicted_at).label('at'),
                following.label('next_at'),
            )
            .where(*self.conditions())
            .subquery('chained')
        )

    def named(self) -> Select[str]:
        """The ids of the customers whom the query's text means."""
        folded = (self.query.text or '').casefold()
        return select(col(Customer.customer_id)).where(
            col(Customer.user_id) == self.user_id,
            or_(
                col(Customer.folded_id).contains(folded, autoescape=True),
                col(Customer.folded_name).contains(folded, autoescape=True),
            ),
        )

    def sources(self) -> Select[int]:
        """The ids of the sources that the query names."""
        return select(col(Source.id)).where(col(Source.user_id) == self.user_id, col(Source.name) == self.query.source)

    def _asked(self) -> dict[Route, ColumnElement[bool]]:
        """The query's conditions, by the route on which each leads."""
        query, asked = self.query, dict[Route, ColumnElement[bool]]()
        first, last = query.days(self.today)
        if first or last:
            at = self._column(col(Prediction.predicted_at), Route.DAYS)
            since = at >= self.start_of(first) if first else true()
            asked[Route.DAYS] = and_(since, at < self.end_of(last) if last else true())
        ranges = score_ranges(query, self.bands)
        if ranges != EVERY:
            score = self._column(col(Prediction.score), Route.SCORES)
            asked[Route.SCORES] = or_(false(), *(score.between(low, high) for low, high in ranges))
        if query.text:
            customers = select(FOUND.c.customer_id) if self.plan and self.plan.found else self.named()
            asked[Route.CUSTOMERS] = self._column(col(Prediction.customer_id), Route.CUSTOMERS).in_(customers)
        if query.source is not None:
            sources = self.plan.sources if self.plan else self.sources()
            asked[Route.SOURCES] = self._column(col(Prediction.source_id), Route.SOURCES).in_(sources)
        return asked

    def _column(self, column: SQLColumnExpression[Any], route: Route) -> SQLColumnExpression[Any]:
        """A column in a condition of that route; an added nothing keeps indexes out unless it leads."""
        # without a plan rows are wanted in the order of time, and scores would lead away from it
        leads = route is not Route.SCORES if self.plan is None else route is self.plan.route
        nothing = '' if route is Route.CUSTOMERS else 0
        return column if leads else column + nothing

    def _customers_in_turn(self) -> SQLColumnExpression[str]:
        """The customer, so that ``ix_prediction_customer`` gives their order only where it is to lead."""
        route = self.plan.route if self.plan else Route.CUSTOMERS
        leads = route is Route.CUSTOMERS or (route is Route.ALL and self.query.source is None)
        return col(Prediction.customer_id) if leads else col(Prediction.customer_id) + ''


def is_latest(rows: Subquery, *, before: int | None = None) -> ColumnElement[bool]:
    """Whether a chained prediction is its customer's latest, of all or of those before an instant."""
    if before is None:
        return rows.c.next_at.is_(None)
    return and_(rows.c.at < before, or_(rows.c.next_at.is_(None), rows.c.next_at >= before))
