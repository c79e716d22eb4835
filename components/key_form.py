from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nicegui.events import GenericEventArguments

from components.element_state import set_prop
from components.light_element import LightElement
from components.text import Text

SEND = '(event) => { const { name, scope } = event.target.elements; emit({ name: name.value, scope: scope.value }); }'
NAME = 'name=name type=text maxlength=100 autocomplete=off spellcheck=false placeholder="What it is for"'


class KeyForm(LightElement, default_classes='key-form'):
    """Asks for a new API key. The browser owns what is typed: after an error it is still there."""

    def __init__(self, scopes: Mapping[str, str], *, on_make: Callable[[object], Any]) -> None:
        """:param scopes: the words for each; the first is chosen.

        :param on_make: told name and scope as the browser says them: they may be anything.
        """
        super().__init__('form')
        self.mark('key-form')
        with self:
            with LightElement('div', 'key-name'):
                caption = Text('label', 'Name of a new key').classes('field-label')
                with LightElement('div', 'field-box'):
                    self._name = LightElement('input', 'field-input').props(NAME).mark('key-name')
            with LightElement('fieldset', 'choice key-scope'):
                Text('legend', 'What it opens').classes('field-label')
                with LightElement('div', 'choice-buttons'):
                    for number, (scope, words) in enumerate(scopes.items()):
                        _option(scope, words, chosen=number == 0)
            self._make = Text('button', 'Make a key').classes('button button-strong').props('type=submit')
            self._error = Text('p').classes('field-error').props('role=alert').mark('key-error')
        caption.props['for'] = self._name.html_id

        def sent(event: GenericEventArguments) -> Any:
            return on_make(event.args)

        self.on('submit.prevent', sent, js_handler=SEND)

    def show_error(self, message: str, *, of_name: bool = False) -> None:
        """:param of_name: the name is what is wrong."""
        self._error.set_text(message)
        set_prop(self._name, 'aria-invalid', 'true' if of_name else None)
        set_prop(self._name, 'aria-describedby', self._error.html_id if of_name else None)

    def show_busy(self, busy: bool) -> None:
        self._make.set_text('Making it…' if busy else 'Make a key')
        set_prop(self._make, 'aria-disabled', 'true' if busy else None)


def _option(scope: str, words: str, *, chosen: bool) -> None:
    with LightElement('label', 'button'):
        option = LightElement('input', 'sr-only').props('type=radio name=scope')
        option.props['value'] = scope
        if chosen:
            option.props('checked')
        Text('span', words)
