from __future__ import annotations

from nicegui import ui


def set_prop(element: ui.element, name: str, value: str | None) -> None:
    """Set or drop one attribute; an unchanged one sends nothing to the browser."""
    if element.props.get(name) == value:
        return
    # past whoever may watch the attributes of an element: to tell them takes longer than all the rest
    if value is None:
        dict.pop(element.props, name, None)
    else:
        dict.__setitem__(element.props, name, value)
    element.update()


def set_class(element: ui.element, name: str, *, on: bool) -> None:
    """Switch one class; one that is as it should be costs and sends nothing."""
    if (name in element.classes) != on:
        element.classes(add=name if on else None, remove=None if on else name)


def replace_class(element: ui.element, old: str, new: str) -> None:
    if old != new:
        element.classes(add=new, remove=old)
