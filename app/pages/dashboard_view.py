"""The board's elements, and how they show what they are given. Asks nothing of any service."""

from __future__ import annotations

from datetime import datetime

from app.pages.board_services import BoardSnapshot
from app.pages.card_links import card_links
from app.view_state import ViewState
from components.activity_list import ActivityList
from components.alert_list import AlertList
from components.at_risk_list import AtRiskList
from components.board_charts import BoardCharts
from components.connection import Connection
from components.element_state import set_class
from components.empty_state import EmptyState, FilteredEmpty
from components.filter_bar import FilterBar
from components.light_element import LightElement
from components.metric_grid import MetricGrid
from components.since_panel import SincePanel
from components.text import Text
from components.when_needed import WhenNeeded
from services.calendar import day_of, time_zone
from services.query import DashboardQuery
from services.schemas import Charts


class DashboardView:
    """Everything below the filters."""

    def __init__(self, filters: FilterBar, *, email: str, address: str, connection: Connection) -> None:
        """:param connection: knows whose days are shown."""
        self._filters = filters
        self._connection = connection
        self._charts: tuple[Charts, DashboardQuery] | None = None
        self._figures = BoardCharts()
        self._shown: tuple[object, DashboardQuery] | None = None
        self._why = Text('p').classes('quiet').props('role=status').mark('working')
        self._why.set_visibility(False)
        self._root = LightElement('div', 'board-body')
        with self._root:
            self._empty = WhenNeeded(lambda: EmptyState(email=email, address=address))
            self._metrics = MetricGrid(zone=connection.time_zone).classes('loading').mark('metrics')
            connection.on_zone(self._metrics.show_zone)
            self.since = SincePanel()
            self._nothing = WhenNeeded(lambda: FilteredEmpty(form=filters))
            self.panels = LightElement('div', 'panels loading')
            with self.panels:
                self.at_risk = AtRiskList()
                with LightElement('div', 'side'):
                    self._alerts = AlertList()
                    self._figures.build_beside()
                self._figures.build_below()
                self._activity = ActivityList()

    def shows(self, query: DashboardQuery) -> bool:
        """Whether the numbers that are shown are of that query."""
        return self._shown is not None and self._shown[1] == query

    def show(self, snapshot: BoardSnapshot, state: ViewState, charts: Charts | None = None) -> None:
        """:param charts: of the same query, where they are known already: :meth:`show_charts` comes next then."""
        if self._shows(snapshot, state):
            return
        if self._shown is None or self._shown[1] is not state.query:
            self._alerts.make_room()
        self._shown = (snapshot.contents, state.query)
        metrics, days = snapshot.metrics, charts.days if charts else None
        self._show_state(any_prediction=metrics.total_predictions > 0, state=state)
        self._metrics.show(metrics, snapshot.trends, links=card_links(state.query), days=days)
        self._alerts.show(snapshot.alerts)
        self._activity.show(snapshot.activity)
        set_class(self._metrics, 'loading', on=False)

    def show_charts(self, charts: Charts, query: DashboardQuery, *, as_of: datetime) -> None:
        shown, asked = self._charts or (None, None)
        self._charts = (charts, query)  # equal ones, too: the next look finds the very same
        if query != asked or (charts is not shown and not _draws_the_same(charts, shown)):
            today = day_of(as_of, time_zone(self._connection.time_zone))
            self._metrics.show_days(charts.days)
            self._figures.show(charts, span=query.range or (query.first_day, query.last_day), today=today)
        set_class(self.panels, 'loading', on=False)

    def show_busy(self, busy: bool, *, why: str = '') -> None:
        """What is shown does not yet belong to the filters.

        :param why: what newer numbers are waiting for, to be told above the others.
        """
        set_class(self._root, 'busy', on=busy)
        self._why.set_text(why)
        self._why.set_visibility(bool(why))

    def _shows(self, snapshot: BoardSnapshot, state: ViewState) -> bool:
        """Whether nothing changed since; to look at each element for that would cost most of a beat."""
        if self._shown is None:
            return False
        contents, query = self._shown
        return contents is snapshot.contents and query is state.query

    def _show_state(self, *, any_prediction: bool, state: ViewState) -> None:
        no_data = not any_prediction and state.query == DashboardQuery()
        self._empty.show(no_data)
        self._filters.set_visibility(not no_data)
        self._metrics.set_visibility(not no_data)
        self.since.set_visibility(not no_data)
        if nothing := self._nothing.show(not any_prediction and not no_data):
            nothing.show(state.describe())
        self.panels.set_visibility(any_prediction)


def _draws_the_same(charts: Charts, shown: Charts | None) -> bool:
    """The customers of both are others' concern."""
    return shown is not None and all(
        (
            charts.histogram == shown.histogram,
            charts.risk_over_time == shown.risk_over_time,
            charts.days == shown.days,
        )
    )
