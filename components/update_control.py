from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from components.button import button
from components.formats import plural
from components.markup import Markup, Node, tag


class UpdateControl(Markup):
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
        self._rates = rates
        self._paused, self._rate, self._missed, self._off = False, '', 0, False
        self._problem = ''
        super().__init__(
            self._control(),
            actions={
                'pause': lambda _item: on_pause(),
                'missed': lambda _item: on_show(),
                'dismiss': lambda _item: self.show_problem(''),
            },
            entries={'rate': lambda _item, rate: on_rate(rate)},
        )

    def show(self, *, paused: bool, rate: str, missed: int, off: bool) -> None:
        """
        :param missed: updates that were held back.
        :param off: by the rate: there is nothing to pause.
        """
        self._paused, self._rate, self._missed, self._off = paused, rate, missed, off
        self.draw(self._control())

    def show_problem(self, message: str) -> None:
        """Why the choice is not remembered."""
        self._problem = message
        self.draw(self._control())

    def _control(self) -> Node:
        return tag('div', 'updates', self._held(), self._pause(), self._choice(), self._trouble())

    def _held(self) -> Node:
        words = f'{plural(self._missed, "update", "updates")} {"not shown" if self._off else "while paused"}'
        show = button('Show', 'missed', kind='quiet', aria_label='Show the updates')
        return tag('span', _unless('updates-held', 'hidden', on=self._missed > 0), tag('span', '', words), show)

    def _pause(self) -> Node:
        return button(
            'Resume' if self._paused else 'Pause',
            'pause',
            kind='quiet',
            classes=_unless('', 'hidden', on=not self._off),
            aria_pressed='true' if self._paused else 'false',
            aria_keyshortcuts='p',
            data_key='p',
        )

    def _choice(self) -> Node:
        options = (tag('option', '', words, value=rate) for rate, words in self._rates.items())
        return tag(
            'select',
            'updates-rate',
            *options,
            value=self._rate,
            aria_label='How often to update',
            data_entry='rate',
        )

    def _trouble(self) -> Node:
        return tag(
            'div',
            _unless('updates-trouble', 'updates-untroubled', on=bool(self._problem)),
            tag('p', '', self._problem, role='status'),
            button('Dismiss', 'dismiss', kind='quiet'),
        )


def _unless(classes: str, away: str, *, on: bool) -> str:
    """The classes of what is there, on or off: its place in the tree, and so its focus, stays its own."""
    return classes if on else f'{classes} {away}'.lstrip()
