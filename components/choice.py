from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from nicegui import ui

from components.button import Button
from components.element_state import set_prop
from components.text import Text


class Choice(ui.element, default_classes='choice'):
    """Buttons that stay pressed; which are pressed is said by :meth:`show` alone."""

    def __init__(self, label: str, options: Mapping[str, str], *, name: str, on_choose: Callable[[str], None]) -> None:
        """:param options: the text of each value."""
        super().__init__('div')
        self.classes(f'choice-{name}').props('role=group')
        self._name = name
        self._on_choose = on_choose
        with self:
            caption = Text('span', label).classes('field-label')
            with ui.element('div').classes('choice-buttons'):
                self._buttons = {value: self._button(value, text) for value, text in options.items()}
        self.props['aria-labelledby'] = caption.html_id
        self.show(())

    def show(self, pressed: Collection[str]) -> None:
        for value, button in self._buttons.items():
            set_prop(button, 'aria-pressed', 'true' if value in pressed else 'false')

    def _button(self, value: str, text: str) -> Button:
        return Button(text, lambda: self._on_choose(value)).classes(f'choice-{value}').mark(f'{self._name}-{value}')
