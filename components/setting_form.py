from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nicegui.events import GenericEventArguments

from components.element_state import set_class, set_prop
from components.light_element import LightElement
from components.setting_field import SettingField
from components.text import Text

SEND = '(event) => emit(Object.fromEntries(new FormData(event.target)))'


class SettingForm(LightElement, default_classes='setting-form'):
    """Fields that are saved together, and what came of it: beside the button, or at the field it is about."""

    def __init__(self, action: str, *, name: str, on_save: Callable[[object], Any]) -> None:
        """
        :param action: what the button says.
        :param on_save: told the fields as the browser says them: they may be anything.
        """
        super().__init__('form')
        self.props('novalidate').mark(f'form-{name}')
        self._action = action
        self._fields: Mapping[str, SettingField] = {}
        with self:
            self.body = LightElement('div', 'setting-fields')
            with LightElement('div', 'setting-actions'):
                self._save = Text('button', action).classes('button button-strong').props('type=submit')
                self._save.mark(f'save-{name}')
                self._message = Text('p').classes('setting-message').props('role=status').mark(f'message-{name}')

        def sent(event: GenericEventArguments) -> Any:
            return on_save(event.args)

        self.on('submit.prevent', sent, js_handler=SEND)

    def add(self, label: str, *, key: str, value: str = '', props: str = '', about: str = '') -> SettingField:
        """As :class:`SettingField`."""
        with self.body:
            field = SettingField(label, key=key, value=value, props=props, about=about)
        self._fields = {**self._fields, key: field}
        return field

    def show_busy(self) -> None:
        self._settle()
        self._save.set_text('Saving…')
        set_prop(self._save, 'aria-disabled', 'true')

    def show_saved(self, message: str) -> None:
        self._settle()
        self._message.set_text(message)

    def show_error(self, message: str, *, field: str | None = None) -> None:
        """
        :param field: what is wrong; it gets the focus, and what was typed stays.
        """
        self._settle()
        set_class(self._message, 'failed', on=True)
        wrong = self._fields.get(field or '')
        if wrong is None:
            self._message.set_text(message)
            return
        self._message.set_text('Not saved.')
        wrong.show_error(message)
        wrong.input.run_method('focus')

    def empty(self) -> None:
        """Take what was typed out of the page, where it is nobody's business any more."""
        self.run_method('reset')

    def _settle(self) -> None:
        for field in self._fields.values():
            field.show_error('')
        self._save.set_text(self._action)
        set_prop(self._save, 'aria-disabled', None)
        self._message.set_text('')
        set_class(self._message, 'failed', on=False)
