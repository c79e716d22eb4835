"""Which rows a query means, in SQL: the one place that turns a ``DashboardQuery`` into conditions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, Subquery, and_, func, or_, select
from sqlmodel import col

from services.calendar import day_start
from services.models import Customer, Prediction, Source
from services.query import DashboardQuery
from services.scores import RiskBands
from services.visibility import visible


@dataclass(frozen=True, kw_only=True)
class Selection:
    """A user's query on a day in the user's time zone."""

    user_id: int
    query: DashboardQuery
    zone: ZoneInfo
    today: date
    bands: RiskBands

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
        """What holds for every prediction of the query."""
        query, conditions = self.query, visible(self.user_id)
        first, last = query.days(self.today)
        if first:
            conditions.append(col(Prediction.predicted_at) >= self.start_of(first))
        if last:
            conditions.append(col(Prediction.predicted_at) < self.end_of(last))
        if query.risk:
            conditions.append(or_(*(col(Prediction.score).between(*self.bands.bounds(level)) for level in query.risk)))
        if query.min_score is not None:
            conditions.append(col(Prediction.score) >= query.min_score)
        if query.max_score is not None:
            conditions.append(col(Prediction.score) <= query.max_score)
        if query.text:
            conditions.append(col(Prediction.customer_id).in_(self._customers_named(query.text)))
        if query.source is not None:
            conditions.append(col(Prediction.source_id).in_(self._sources_named(query.source)))
        return conditions

    def chained(self) -> Subquery:
        """The query's predictions, each with the time of the same customer's next one (``next_at``, null for none).

        A prediction is its customer's latest before an instant exactly if it lies before it and its next does not:
        so one pass answers "latest", "distinct" and "as of" for any day.
        """
        following = func.lead(col(Prediction.predicted_at)).over(
            partition_by=col(Prediction.customer_id),
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

    def _customers_named(self, text: str) -> Select[str]:
        folded = text.casefold()
        return select(col(Customer.customer_id)).where(
            col(Customer.user_id) == self.user_id,
            or_(
                col(Customer.folded_id).contains(folded, autoescape=True),
                col(Customer.folded_name).contains(folded, autoescape=True),
            ),
        )

    def _sources_named(self, name: str) -> Select[int]:
        return select(col(Source.id)).where(col(Source.user_id) == self.user_id, col(Source.name) == name)


def is_latest(rows: Subquery, *, before: int | None = None) -> ColumnElement[bool]:
    """Whether a chained prediction is its customer's latest, of all or of those before an instant."""
    if before is None:
        return rows.c.next_at.is_(None)
    return and_(rows.c.at < before, or_(rows.c.next_at.is_(None), rows.c.next_at >= before))
