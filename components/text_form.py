from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from components.button import Button
from components.element_state import set_prop
from components.light_element import LightElement
from components.text import Text

SEND = '(event) => emit(Object.fromEntries(new FormData(event.target)))'


@dataclass(frozen=True, kw_only=True)
class TextField:
    """A field of a form: one line, or with ``rows`` several."""

    name: str
    label: str
    props: str = ''
    value: str = ''
    """What stands in it at first."""
    rows: int = 0


class TextForm(LightElement, default_classes='text-form'):
    """Asks for a few texts. The browser owns what is typed: no update touches it, and after an error it is still there.

    assets/customer.js empties the form once what was sent is taken, unless something else was typed meanwhile.
    """

    def __init__(
        self,
        *fields: TextField,
        action: str,
        on_send: Callable[[Mapping[str, object]], Any],
        on_cancel: Callable[[], Any] | None = None,
        name: str,
        focus: bool = False,
    ) -> None:
        """:param on_send: told the texts by their fields' names, as the browser says them: they may be anything.

        :param focus: whether the first field takes the focus when the form appears.
        """
        super().__init__('form')
        self.classes(f'form-{name}').props('data-form').mark(f'form-{name}')
        self._taken = 0
        with self:
            self._inputs = {field.name: _input(field) for field in fields}
            self._error = Text('p').classes('field-error').props('role=alert').mark(f'error-{name}')
            with LightElement('div', 'form-actions'):
                self._send = Text('button', action).classes('button button-strong').props('type=submit')
                if on_cancel:
                    Button('Cancel', on_cancel, kind='quiet').mark(f'cancel-{name}')
        if focus:
            next(iter(self._inputs.values())).props('data-take-focus')

        def sent(event: GenericEventArguments) -> Any:
            return on_send(event.args if isinstance(event.args, dict) else {})

        self.on('submit.prevent', sent, js_handler=SEND)

    def show_error(self, message: str, *, field: str | None = None) -> None:
        """:param field: the one that is wrong, where it is one of them."""
        self._error.set_text(message)
        for name, element in self._inputs.items():
            wrong = bool(message) and name == field
            set_prop(element, 'aria-invalid', 'true' if wrong else None)
            set_prop(element, 'aria-describedby', self._error.html_id if wrong else None)

    def show_busy(self, busy: bool) -> None:
        set_prop(self._send, 'aria-disabled', 'true' if busy else None)

    def show_taken(self) -> None:
        """What was sent is kept elsewhere now."""
        self.show_error('')
        self._taken += 1
        set_prop(self, 'data-taken', str(self._taken))


def _input(field: TextField) -> ui.element:
    with LightElement('div', f'text-field text-field-{field.name}'):
        caption = Text('label', field.label).classes('field-label')
        with LightElement('div').classes('field-box' if not field.rows else 'field-box field-box-long'):
            if (
                field.rows
            ):  # what a text area holds at first is its text: as a value it would be put back at each update
                element: ui.element = Text('textarea', field.value).props(f'rows={field.rows}')
            else:
                element = LightElement('input').props('type=text')
                element.props['defaultValue'] = field.value
    element.classes('field-input').props(f'autocomplete=off {field.props}').mark(f'input-{field.name}')
    element.props['name'] = field.name
    caption.props['for'] = element.html_id
    return element
