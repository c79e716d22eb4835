from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import orjson
from nicegui import ui
from nicegui.elements.plotly import Plotly  # known before a page is built, or its import map lacks plotly.js

from components.button import button
from components.chart_layout import Figure
from components.chart_table import ChartTable, TableRow
from components.formats import NumberFormat, number_format, written_as
from components.markup import Encoded, Markup, slot, tag
from components.template import Template, place


@dataclass(frozen=True, kw_only=True)
class Picture:
    """What a chart is to show; drawn and written out only where somebody looks."""

    of: object
    """All that figure and rows are made of: with an equal one they are the same."""
    finding: str
    """What it shows, as its title."""
    sentence: str
    """The same in more words, for who does not see it."""
    figure: Callable[[], Figure]
    rows: Callable[[], Sequence[TableRow]]

    def is_as(self, other: Picture | None) -> bool:
        return other is not None and (self.of, self.finding, self.sentence) == (
            other.of,
            other.finding,
            other.sentence,
        )


class Plot(Plotly, default_classes='plot'):
    """A figure that is let go of once it is sent: as JSON it is as large as all else of its panel."""

    def __init__(self, figure: Callable[[], Figure]) -> None:
        self._take(figure)
        super().__init__({})
        for event in ('plotly_afterplot', 'plotly_relayout'):
            self.on(event, js_handler=f'() => churnboardCharts.drawn("{self.html_id}")')

    def show(self, figure: Callable[[], Figure]) -> None:
        """Another figure.

        :param figure: gives the same whenever it is called: the element may have to be sent again.
        """
        self._take(figure)
        self.update()

    def update(self) -> None:
        """Past NiceGUI's, which would look at each number in it, and keep them all."""
        ui.element.update(self)

    def _take(self, figure: Callable[[], Figure]) -> None:
        self._figure = figure
        self._to_be_sent: bytes | None = orjson.dumps(figure())

    def _to_dict(self) -> dict[str, Any]:
        """As it is sent."""
        encoded, self._to_be_sent = self._to_be_sent or orjson.dumps(self._figure()), None
        return super()._to_dict() | {'props': self._props | {'options': orjson.Fragment(encoded)}}


class LazyChart(Markup):
    """A chart that costs nothing until it is first scrolled near: plotly.js alone weighs more than the whole page.

    assets/live.js sends ``near``, and not before the first numbers are painted. The place is kept, so nothing shifts.
    Its title says what it shows, and a sentence says more; the button, or the key ``t``, shows it as a table instead.
    """

    def __init__(self, subject: str, *, name: str, columns: Sequence[str]) -> None:
        """:param columns: of the table; the first names the place that a row is about."""
        self._subject, self._name, self._columns = subject, name, columns
        self._picture: Picture | None = None
        self._numbers = number_format()
        self._plot: Plot | None = None
        self._plotted: Picture | None = None
        """What it was given last."""
        self._table: ChartTable | None = None
        self._wanted = False
        self._as_table = False
        super().__init__(self.again(), actions={'table': self._switch})
        self.on('near', self._near, args=[])

    def show(self, picture: Picture) -> None:
        """Numbers are written for whoever they are written for now; one that is as the last one changes nothing."""
        numbers = number_format()
        if numbers == self._numbers and picture.is_as(self._picture):
            return
        self._picture, self._numbers = picture, numbers
        self.draw(self.again())
        self._draw()

    def again(self) -> Encoded:
        template, picture = _panel(self._subject, self._name, as_table=self._as_table), self._picture
        return template.filled(
            finding=picture.finding if picture else None, sentence=picture.sentence if picture else None
        )

    def _near(self) -> None:
        self._wanted = True
        self._draw()

    def _switch(self, _name: str) -> None:
        self._as_table = not self._as_table
        if self._table is None:
            with self.add_slot('table'):
                self._table = ChartTable(self._subject, self._columns)
        self._table.set_visibility(self._as_table)
        self.draw(self.again())
        self._draw()

    def _draw(self) -> None:
        """What is looked at: the figure of a chart that is shown as a table waits until it is one again."""
        if self._picture is None:
            return
        with written_as(self._numbers):
            if self._table is not None:
                self._table.show(self._picture.rows() if self._as_table else ())
        if self._wanted and not self._as_table:
            self._draw_figure(self._picture)

    def _draw_figure(self, picture: Picture) -> None:
        if picture is self._plotted:
            return
        self._plotted, figure = picture, partial(_written, picture.figure, self._numbers)
        if self._plot is not None:
            self._plot.show(figure)
        else:
            with self:
                self._plot = Plot(figure)


def _written(figure: Callable[[], Figure], numbers: NumberFormat) -> Figure:
    with written_as(numbers):
        return figure()


@lru_cache(64)
def _panel(subject: str, name: str, *, as_table: bool) -> Template:
    frame = tag(
        'div',
        'chart-frame hidden' if as_table else 'chart-frame',
        slot('default'),
        role='img',
        data_lazy='',
        aria_labelledby=f'{name}-finding',
    )
    head = tag(
        'div',
        'panel-head',
        tag('h2', 'panel-title', subject, id=f'{name}-subject'),
        tag('p', f'chart-finding finding-{name}', place('finding'), id=f'{name}-finding'),
        tag('p', f'chart-sentence sentence-{name}', place('sentence')),
        tag(
            'div',
            'chart-buttons',
            # assets/charts.js does it, with or without a link to the server
            tag('button', 'button button-quiet chart-reset', 'Reset zoom', type='button', data_reset_zoom=''),
            button(
                'Show as table',
                'table',
                name,
                kind='quiet',
                classes='chart-toggle',
                aria_pressed='true' if as_table else 'false',
                aria_keyshortcuts='t',
                data_key='t',
                data_within='.chart',
            ),
        ),
    )
    panel = tag('section', f'panel chart panel-{name}', head, frame, slot('table'), aria_labelledby=f'{name}-subject')
    return Template(panel)
