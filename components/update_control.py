from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from components.button import Button
from components.element_state import set_prop
from components.formats import plural
from components.pause_button import PauseButton
from components.text import Text

SEND_VALUE = '(event) => emit(event.target.value)'


class UpdateControl(ui.element, default_classes='updates'):
    """Holds the updates, or slows them down, for everybody who reads slower than the numbers change.

    What was held back is counted, and no live region: a number that ticks would be read out again and again.
    """

    def __init__(
        self,
        rates: Mapping[str, str],
        *,
        on_pause: Callable[[], Any],
        on_rate: Callable[[object], Any],
        on_show: Callable[[], Any],
    ) -> None:
        """
        :param rates: the words for each.
        :param on_rate: told the rate that was chosen as the browser says it: it may be anything.
        :param on_show: shows what was held back, and goes on holding.
        """
        super().__init__('div')
        with self:
            self._held = ui.element('span').classes('updates-held').mark('held')
            with self._held:
                self._missed = Text('span').mark('missed')
                Button('Show', on_show, kind='quiet').props('aria-label="Show the updates"').mark('show-missed')
            self._pause = PauseButton(on_pause)
            self._rate = ui.element('select').classes('updates-rate').props('aria-label="How often to update"')
            self._rate.mark('rate')
            with self._rate:
                self._options = {value: _option(value, words) for value, words in rates.items()}
            self._problem = Text('p').classes('updates-problem').props('role=status').mark('updates-problem')

        def chosen(event: GenericEventArguments) -> Any:
            return on_rate(event.args)

        self._rate.on('change', chosen, js_handler=SEND_VALUE)

    def show(self, *, paused: bool, rate: str, missed: int, off: bool) -> None:
        """
        :param missed: updates that were held back.
        :param off: by the rate: there is nothing to pause.
        """
        self._pause.show(paused)
        self._pause.set_visibility(not off)
        set_prop(self._rate, 'value', rate)
        self._held.set_visibility(missed > 0)
        self._missed.set_text(f'{plural(missed, "update", "updates")} {"not shown" if off else "while paused"}')

    def show_problem(self, message: str) -> None:
        """Why the choice is not remembered."""
        self._problem.set_text(message)


def _option(value: str, words: str) -> Text:
    option = Text('option', words)
    option.props['value'] = value
    return option
