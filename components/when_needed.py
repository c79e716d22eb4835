from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from nicegui import ui

ElementT = TypeVar('ElementT', bound=ui.element)


class WhenNeeded(Generic[ElementT]):
    """The place of an element that most pages never show: it is made when it is first shown, and stays from then on.

    An element takes the server four kilobytes of each tab, hidden or not. What a screen reader is to announce has to be
    in the page before it says anything, and is none for this.
    """

    __slots__ = ('_after', '_element', '_make', '_slot')

    def __init__(self, make: Callable[[], ElementT]) -> None:
        """Its place is after all that is here now."""
        self._make = make
        self._slot = ui.context.slot
        self._after = self._slot.children[-1] if self._slot.children else None
        self._element: ElementT | None = None

    def show(self, on: bool) -> ElementT | None:
        """Gives the element, if there is one yet."""
        if on and self._element is None:
            self._element = self._made()
        if self._element is not None:
            self._element.set_visibility(on)
        return self._element

    def _made(self) -> ElementT:
        others = self._slot.children
        index = 0 if self._after is None else others.index(self._after) + 1
        with self._slot:
            element = self._make()
        element.move(target_index=index)
        return element
