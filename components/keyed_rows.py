from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from components.light_element import LightElement

ItemT = TypeVar('ItemT')


class Row(LightElement, Generic[ItemT]):
    """An element that can show another item without being built again."""

    def show(self, item: ItemT) -> None:
        raise NotImplementedError


class KeyedRows(LightElement, Generic[ItemT]):
    """Rows that belong to their items: a row stays the same element while its item is shown, wherever it moves to.

    So focus, selection and scroll position survive, and a new first item costs one new row, not twenty changed ones.
    """

    def __init__(self, tag: str, make: Callable[[], Row[ItemT]], key: Callable[[ItemT], str]) -> None:
        super().__init__(tag)
        self._make = make
        self._key = key
        self._rows: dict[str, Row[ItemT]] = {}
        self._shown: dict[str, ItemT] = {}

    def show(self, items: Sequence[ItemT]) -> None:
        wanted = {self._key(item): item for item in items}
        spare = [row for key, row in self._rows.items() if key not in wanted]
        kept = {key: row for key, row in self._rows.items() if key in wanted}
        self._rows = {key: kept.get(key) or (spare.pop() if spare else self._new()) for key in wanted}
        for key, item in wanted.items():
            if key not in kept or item != self._shown[key]:
                self._rows[key].show(item)
        self._shown = wanted
        for row in spare:
            row.delete()
        self._arrange()

    def _new(self) -> Row[ItemT]:
        with self:
            return self._make()

    def _arrange(self) -> None:
        order = list(self._rows.values())
        if self.default_slot.children != order:
            self.default_slot.children[:] = order
            self.update()
