from __future__ import annotations

from datetime import date

from components.light_element import LightElement
from components.retention_chart import RetentionChart
from components.risk_chart import RiskChart
from components.score_chart import ScoreChart
from components.volume_chart import VolumeChart
from services.schemas import Charts


class BoardCharts:
    """The charts of the board, each built where its method is called."""

    def build_beside(self) -> None:
        """Those that stand beside the customers at risk."""
        self._scores = ScoreChart()
        self._risk = RiskChart()

    def build_below(self) -> None:
        with LightElement('div', 'charts'):
            self._retention = RetentionChart()
            self._volume = VolumeChart()

    def show(self, charts: Charts, *, span: object, today: date) -> None:
        """:param span: the days that were asked for: charts keep their zoom while these stay the same."""
        self._scores.show_bins(charts.histogram)
        self._risk.show_days(charts.risk_over_time, span=span)
        self._retention.show_days(charts.days, span=span)
        self._volume.show_days(charts.days, span=span, today=today)
