from __future__ import annotations

from typing import Any

import orjson
from nicegui import ui
from nicegui.elements.plotly import Plotly  # known before a page is built, or its import map lacks plotly.js

from components.element_state import set_prop
from components.figures import Figure
from components.text import Text


class Chart(Plotly):
    """A chart whose figure is encoded as soon as it is set: NiceGUI and its socket would look at each number in it."""

    def _get_figure_json(self) -> Any:
        return orjson.Fragment(orjson.dumps(self.figure))


class LazyChart(ui.element, default_classes='panel chart'):
    """A chart that costs nothing until it is first scrolled near: plotly.js alone weighs more than the whole page.

    assets/live.js sends ``near``, and not before the first numbers are painted. The place is kept, so nothing shifts.
    """

    def __init__(self, subject: str, *, name: str) -> None:
        super().__init__('section')
        self.classes(f'panel-{name}')
        self._figure: Figure | None = None
        self._plot: Chart | None = None
        self._wanted = False
        with self:
            self._head = ui.element('div').classes('panel-head')
            with self._head:
                heading = Text('h2', subject).classes('panel-title')
                self._finding = Text('p').classes('chart-finding').mark(f'finding-{name}')
            self._frame = ui.element('div').classes('chart-frame').props('data-lazy role=img')
        self.props['aria-labelledby'] = heading.html_id
        self._frame.props['aria-label'] = subject
        self._frame.on('near', self._create, args=[])

    def show(self, figure: Figure, *, finding: str) -> None:
        self._finding.set_text(finding)
        set_prop(self._frame, 'aria-label', finding)
        if figure == self._figure:
            return
        self._figure = figure
        if self._plot is not None:
            self._plot.update_figure(figure)
        elif self._wanted:
            self._create()

    def _create(self) -> None:
        self._wanted = True
        if self._plot is None and self._figure is not None:
            with self._frame:
                self._plot = Chart(self._figure).classes('plot')
