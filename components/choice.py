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
        super().__init__(self._group(()), actions={name: on_choose})

    def show(self, pressed: Collection[str]) -> None:
        self.draw(self._group(pressed))

    def _group(self, pressed: Collection[str]) -> Node:
        caption = f'choice-{self._name}'
        buttons = [
            button(
                text,
                self._name,
                value,
                classes=f'choice-{value}',
                aria_pressed='true' if value in pressed else 'false',
            )
            for value, text in self._options.items()
        ]
        return tag(
            'div',
            f'choice choice-{self._name}',
            tag('span', 'field-label', self._label, id=caption),
            tag('div', 'choice-buttons', *buttons),
            role='group',
            aria_labelledby=caption,
        )
