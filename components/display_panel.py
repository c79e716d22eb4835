from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from components.choice import Choice
from components.element_state import set_class, set_prop
from components.light_element import LightElement
from components.panel import Panel
from components.text import Text

SEND_VALUE = '(event) => emit(event.target.value)'
SWITCH = {'on': 'On', 'off': 'Off'}


class DisplayPanel(Panel):
    """How pages look and behave. Each choice is kept at once; which are in force is said by :meth:`show` alone."""

    def __init__(
        self,
        *,
        themes: Mapping[str, str],
        locales: Mapping[str, str],
        rates: Mapping[str, str],
        keys: Mapping[str, str],
        on_choose: Callable[[str, object], Any],
    ) -> None:
        """
        :param themes: the words for each, as of ``locales`` and ``rates``.
        :param keys: what each single key does.
        :param on_choose: told what is chosen of which: ``theme``, ``locale``, ``rate`` or ``shortcuts``.
        """
        super().__init__('Display', name='display')
        self.show_note('Each choice is kept at once, and taken by your other tabs when they are loaded again.')
        self._on_choose = on_choose
        self._messages: dict[str, Text] = {}
        with self, LightElement('div', 'setting-body'):
            with self._setting('theme'):
                self._theme = self._choice('Theme', themes, 'theme')
            with self._setting('locale'):
                self._locale = self._locales(locales)
            with self._setting('rate'):
                self._rate = self._choice('Update pages', rates, 'rate')
            with self._setting('shortcuts'):
                self._shortcuts = self._choice('Single-key shortcuts', SWITCH, 'shortcuts')
                _key_words(keys)

    def show(self, *, theme: str, locale: str, rate: str, shortcuts: bool) -> None:
        self._theme.show((theme,))
        self._rate.show((rate,))
        self._shortcuts.show(('on' if shortcuts else 'off',))
        set_prop(self._locale, 'value', locale)

    def say(self, which: str, message: str, *, failed: bool = False) -> None:
        """What came of a choice, beside it; what was said of the others goes."""
        for name, place in self._messages.items():
            place.set_text(message if name == which else '')
            set_class(place, 'failed', on=failed)

    @contextmanager
    def _setting(self, name: str) -> Iterator[None]:
        with LightElement('div', 'setting-field'):
            yield
            self._messages[name] = Text('p').classes('setting-message').props('role=status').mark(f'message-{name}')

    def _choice(self, label: str, options: Mapping[str, str], name: str) -> Choice:
        return Choice(label, options, name=name, on_choose=lambda value: self._on_choose(name, value))

    def _locales(self, locales: Mapping[str, str]) -> ui.element:
        caption = Text('label', 'Numbers and dates').classes('field-label')
        select = LightElement('select', 'setting-select').mark('locale')
        with select:
            for value, words in locales.items():
                Text('option', words).props['value'] = value
        caption.props['for'] = select.html_id

        def chosen(event: GenericEventArguments) -> Any:
            return self._on_choose('locale', event.args)

        select.on('change', chosen, js_handler=SEND_VALUE)
        return select


def _key_words(keys: Mapping[str, str]) -> None:
    with LightElement('ul', 'setting-about key-words'):
        for key, words in keys.items():
            with LightElement('li'):
                Text('kbd', key)
                Text('span', words)
