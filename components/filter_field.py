from __future__ import annotations

import json
from collections.abc import Callable

from nicegui import ui
from nicegui.events import GenericEventArguments

from components.element_state import set_prop
from components.text import Text

WAIT_MILLISECONDS = 350
SEND_WHEN_QUIET = (
    '(event) => { const field = event.target; clearTimeout(field.quiet);'
    f' field.quiet = setTimeout(() => emit(field.value), {WAIT_MILLISECONDS}); }}'
)


class FilterField(ui.element, default_classes='field'):
    """A labelled native input with its message beside it.

    The browser owns the value: no update can disturb what is being typed. The server writes into it only what the
    person chose elsewhere: an address, or a filter that was taken back.
    """

    def __init__(
        self, label: str, *, key: str, on_input: Callable[[str, object], None], props: str, suffix: str = ''
    ) -> None:
        super().__init__('div')
        self.classes(f'field-{key}')
        with self:
            caption = Text('label', label).classes('field-label')
            with ui.element('div').classes('field-box'):
                self._input = ui.element('input').classes('field-input').props(props).mark(f'filter-{key}')
                if suffix:
                    Text('span', suffix).classes('field-suffix').props('aria-hidden=true')
            self._error = Text('p').classes('field-error').mark(f'error-{key}')
        caption.props['for'] = self._input.html_id

        def changed(event: GenericEventArguments) -> None:
            on_input(key, event.args)

        self._input.on('input', changed, js_handler=SEND_WHEN_QUIET)

    def begin_with(self, value: str) -> None:
        """What stands in it as the page comes."""
        self._input.props['^value'] = value  # the attribute: as a property it would be written at each update

    def write(self, value: str) -> None:
        """Put something else into it."""
        self.client.run_javascript(f'writeField({self._input.id}, {json.dumps(value)})')

    def show_error(self, message: str) -> None:
        self._error.set_text(message)
        set_prop(self._input, 'aria-invalid', 'true' if message else None)
        set_prop(self._input, 'aria-describedby', self._error.html_id if message else None)
