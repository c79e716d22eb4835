"""What our elements are: NiceGUI's, without what most of them never have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Self, cast

from nicegui import ui
from nicegui.classes import Classes
from nicegui.props import Props
from nicegui.style import Style


class Nothing(Mapping[str, Any]):
    """The style and the props of whoever has none."""

    _suspend_count = 0  # NiceGUI's own

    def __getitem__(self, name: str) -> Any:
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


NOTHING = Nothing()


class LightElement(ui.element):
    """An element that shares what it begins with, until somebody asks for what is its own.

    NiceGUI gives each element three collections, of classes, style and props, that tell whoever may watch them of each
    change: two kilobytes, most of them for nothing. Nobody can change what is shared.

    An element with resources, or made of NiceGUI's mixins, is to be one of NiceGUI's: those write past the properties.
    """

    def __init__(self, tag: str | None = None, classes: str = '') -> None:
        super().__init__(tag)
        self._classes = cast(Classes[Self], _words(' '.join((*self._default_classes, *classes.split()))))
        if not self._default_style:
            self._style = cast(Style[Self], NOTHING)
        if not self._default_props:
            self._props = cast(Props[Self], NOTHING)

    @property
    def classes(self) -> Classes[Self]:
        if not isinstance(self._classes, Classes):
            self._classes = Classes(list(self._classes), element=self)
        return self._classes

    @property
    def style(self) -> Style[Self]:
        if not isinstance(self._style, Style):
            self._style = Style({}, element=self)
        return self._style

    @property
    def props(self) -> Props[Self]:
        if not isinstance(self._props, Props):
            self._props = Props({}, element=self)
        return self._props


@lru_cache(1024)
def _words(words: str) -> tuple[str, ...]:
    return tuple(words.split())
