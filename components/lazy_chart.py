from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from nicegui import ui
from nicegui.elements.plotly import Plotly  # known before a page is built, or its import map lacks plotly.js

from components.button import Button
from components.chart_layout import Figure
from components.chart_table import ChartTable, TableRow
from components.element_state import set_prop
from components.formats import number_format, written_as
from components.text import Text


@dataclass(frozen=True, kw_only=True)
class Picture:
    """What a chart is to show; drawn and written out only where somebody looks."""

    finding: str
    """What it shows, as its title."""
    sentence: str
    """The same in more words, for who does not see it."""
    figure: Callable[[], Figure]
    rows: Callable[[], Sequence[TableRow]]


class Plot(Plotly, default_classes='plot'):
    """A figure that is encoded as soon as it is set: NiceGUI and its socket would look at each number in it."""

    def __init__(self, figure: Figure) -> None:
        super().__init__(figure)
        for event in ('plotly_afterplot', 'plotly_relayout'):
            self.on(event, js_handler=f'() => churnboardCharts.drawn("{self.html_id}")')

    def _get_figure_json(self) -> Any:
        return orjson.Fragment(orjson.dumps(self.figure))


class LazyChart(ui.element, default_classes='panel chart'):
    """A chart that costs nothing until it is first scrolled near: plotly.js alone weighs more than the whole page.

    assets/live.js sends ``near``, and not before the first numbers are painted. The place is kept, so nothing shifts.
    Its title says what it shows, and a sentence says more; the button, or the key ``t``, shows it as a table instead.
    """

    def __init__(self, subject: str, *, name: str, columns: Sequence[str]) -> None:
        """:param columns: of the table; the first names the place that a row is about."""
        super().__init__('section')
        self.classes(f'panel-{name}')
        self._picture: Picture | None = None
        self._numbers = number_format()
        self._figure: Figure | None = None
        self._plot: Plot | None = None
        self._wanted = False
        self._as_table = False
        with self:
            with ui.element('div').classes('panel-head'):
                heading = Text('h2', subject).classes('panel-title')
                self._finding = Text('p').classes('chart-finding').mark(f'finding-{name}')
                self._sentence = Text('p').classes('chart-sentence').mark(f'sentence-{name}')
                with ui.element('div').classes('chart-buttons'):
                    # assets/charts.js does it, with or without a link to the server
                    reset = Text('button', 'Reset zoom').props('type=button data-reset-zoom')
                    reset.classes('button button-quiet chart-reset')
                    self._toggle = Button('Show as table', self._switch, kind='quiet').classes('chart-toggle')
                    self._toggle.props('aria-pressed=false aria-keyshortcuts=t data-key=t data-within=".chart"')
                    self._toggle.mark(f'table-{name}')
            self._frame = ui.element('div').classes('chart-frame').props('data-lazy role=img')
            self._table = ChartTable(subject, columns)
        self._table.set_visibility(False)
        self.props['aria-labelledby'] = heading.html_id
        self._frame.props['aria-label'] = subject
        self._frame.on('near', self._near, args=[])

    def show(self, picture: Picture) -> None:
        """Numbers are written for whoever they are written for now."""
        self._picture, self._numbers = picture, number_format()
        self._finding.set_text(picture.finding)
        self._sentence.set_text(picture.sentence)
        set_prop(self._frame, 'aria-label', picture.finding)
        self._draw()

    def _near(self) -> None:
        self._wanted = True
        self._draw()

    def _switch(self) -> None:
        self._as_table = not self._as_table
        set_prop(self._toggle, 'aria-pressed', 'true' if self._as_table else 'false')
        self._frame.set_visibility(not self._as_table)
        self._table.set_visibility(self._as_table)
        self._draw()

    def _draw(self) -> None:
        """What is looked at: the figure of a chart that is shown as a table waits until it is one again."""
        if self._picture is None:
            return
        with written_as(self._numbers):
            self._table.show(self._picture.rows() if self._as_table else ())
            if self._wanted and not self._as_table:
                self._draw_figure(self._picture.figure())

    def _draw_figure(self, figure: Figure) -> None:
        if figure == self._figure:
            return
        self._figure = figure
        if self._plot is not None:
            self._plot.update_figure(figure)
        else:
            with self._frame:
                self._plot = Plot(figure)
