from __future__ import annotations

from nicegui import ui

from components.light_element import LightElement
from components.text import Text


class Tabs(LightElement, default_classes='tabs'):
    """Panels of which one is shown. Switched by assets/connect.js: also while the server is away."""

    def __init__(self, label: str) -> None:
        super().__init__('div')
        with self:
            self._list = LightElement('div', 'tab-list').props('role=tablist')
        self._list.props['aria-label'] = label

    def panel(self, name: str) -> ui.element:
        """A panel to be filled; the first one is shown."""
        first = not self._list.default_slot.children
        with self._list:
            tab = Text('button', name).classes('tab').props('type=button role=tab')
        with self:
            panel = LightElement('div', 'tab-panel').props('role=tabpanel')
        tab.props['aria-selected'] = 'true' if first else 'false'
        tab.props['tabindex'] = '0' if first else '-1'
        tab.props['aria-controls'] = panel.html_id
        panel.props['aria-labelledby'] = tab.html_id
        if not first:
            panel.props('hidden')
        return panel
