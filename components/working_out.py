from __future__ import annotations

from components.element_state import set_prop
from components.formats import count, plural
from components.light_element import LightElement
from components.text import Text


class WorkingOut(LightElement, default_classes='working-out'):
    """That the days of another zone are being worked out, and how far that is. Takes no room otherwise."""

    def __init__(self) -> None:
        super().__init__('div')
        with self:
            self._words = Text('p').classes('working-out-words').props('role=status').mark('working-out')
            self._progress = LightElement('div', 'working-out-progress')
            with self._progress:
                self._bar = LightElement('progress').props('aria-label="Customers worked out"')
                self._detail = Text('span').classes('quiet').mark('worked-out')
        self.clear_progress()

    def show(self, zone: str, *, before: str, done: int, customers: int) -> None:
        """
        :param before: the zone whose days are shown until then.
        :param customers: of how many ``done`` are done.
        """
        self._words.set_text(
            f'Days are being worked out for {zone}. Until they are all there, you see those in {before}.'
        )
        set_prop(self._bar, 'max', str(max(customers, 1)))
        set_prop(self._bar, 'value', str(done))
        self._detail.set_text(f'{count(done)} of {plural(customers, "customer", "customers")}')
        self._progress.set_visibility(True)

    def clear_progress(self, words: str = '') -> None:
        """
        :param words: what came of it.
        """
        self._words.set_text(words)
        self._progress.set_visibility(False)
