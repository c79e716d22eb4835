from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import orjson
from nicegui import ui
from nicegui.elements.plotly import Plotly  # known before a page is built, or its import map lacks plotly.js

from components.button import button
from components.chart_layout import Figure
from components.chart_table import ChartTable, TableRow
from components.formats import number_format, written_as
from components.kept_json import kept_json
from components.markup import Encoded, Markup, slot, tag
from components.template import Template, place


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
    """A figure that is JSON already: NiceGUI and its socket would look at each number in it, and keep them all."""

    def __init__(self, encoded: bytes) -> None:
        self._encoded = encoded
        super().__init__({})
        for event in ('plotly_afterplot', 'plotly_relayout'):
            self.on(event, js_handler=f'() => churnboardCharts.drawn("{self.html_id}")')

    def show(self, encoded: bytes) -> None:
        """Another figure; an unchanged one sends nothing to the browser."""
        if encoded != self._encoded:
            self._encoded = encoded
            self.update()

    def update(self) -> None:
        """As NiceGUI's, past whoever may watch the attributes of an element."""
        dict.__setitem__(self._props, 'options', orjson.Fragment(self._encoded))
        ui.element.update(self)


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
        self._table: ChartTable | None = None
        self._wanted = False
        self._as_table = False
        super().__init__(self._panel(), actions={'table': self._switch})
        self.on('near', self._near, args=[])

    def show(self, picture: Picture) -> None:
        """Numbers are written for whoever they are written for now."""
        self._picture, self._numbers = picture, number_format()
        self.draw(self._panel())
        self._draw()

    def _panel(self) -> Encoded:
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
        self.draw(self._panel())
        self._draw()

    def _draw(self) -> None:
        """What is looked at: the figure of a chart that is shown as a table waits until it is one again."""
        if self._picture is None:
            return
        with written_as(self._numbers):
            if self._table is not None:
                self._table.show(self._picture.rows() if self._as_table else ())
            if self._wanted and not self._as_table:
                self._draw_figure(self._picture.figure())

    def _draw_figure(self, figure: Figure) -> None:
        encoded = kept_json(figure)
        if self._plot is not None:
            self._plot.show(encoded)
        else:
            with self:
                self._plot = Plot(encoded)


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
