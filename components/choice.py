from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from components.button import button
from components.markup import Markup, Node, tag


class Choice(Markup):
    """Buttons that stay pressed; which are pressed is said by :meth:`show` alone."""

    def __init__(self, label: str, options: Mapping[str, str], *, name: str, on_choose: Callable[[str], Any]) -> None:
        """
        :param options: the text of each value.
        :param name: is there once on a page.
        :param on_choose: told one of the values.
        """
        self._label, self._options, self._name = label, options, name
        super().__init__(choice(label, options, (), name=name), actions={name: on_choose})

    def show(self, pressed: Collection[str]) -> None:
        self.draw(choice(self._label, self._options, pressed, name=self._name))


def choice(label: str, options: Mapping[str, str], pressed: Collection[str], *, name: str) -> Node:
    """The same in a markup, each button doing the action of this name."""
    caption = f'choice-{name}'
    buttons = [
        button(text, name, value, classes=f'choice-{value}', aria_pressed='true' if value in pressed else 'false')
        for value, text in options.items()
    ]
    return tag(
        'div',
        f'choice choice-{name}',
        tag('span', 'field-label', label, id=caption),
        tag('div', 'choice-buttons', *buttons),
        role='group',
        aria_labelledby=caption,
    )
