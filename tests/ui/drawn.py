"""What a person sees of the parts of a page that are drawn from data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nicegui import ui
from nicegui.testing import User
from nicegui.testing.user_interaction import UserInteraction

from components.markup import Markup


@dataclass(frozen=True)
class Drawn:
    """One tag."""

    tag: str
    attributes: dict[str, str]
    children: list[Any]

    @property
    def key(self) -> str:
        return self.attributes['key']

    @property
    def classes(self) -> list[str]:
        return self.attributes.get('class', '').split()

    @property
    def text(self) -> str:
        return ''.join(Drawn(*child).text if isinstance(child, list) else child for child in self.children)

    def all(self, css_class: str = '') -> list[Drawn]:
        """All tags within it, in their order; those of a class, if one is given."""
        return [each for each in self._within() if not css_class or css_class in each.classes]

    def one(self, css_class: str) -> Drawn:
        (found,) = self.all(css_class)
        return found

    def _within(self) -> Iterator[Drawn]:
        for child in self.children:
            if isinstance(child, list):
                drawn = Drawn(*child)
                yield drawn
                yield from drawn._within()


def markups(user: User) -> list[Markup]:
    return [each for each in user.find(kind=Markup).elements if isinstance(each, Markup)]


def page(user: User) -> Drawn:
    """All that is drawn and can be seen."""
    return Drawn('body', {}, [each.tree for each in sorted(markups(user), key=lambda each: each.id)])


def metric(user: User, key: str) -> str:
    """The number on a card."""
    (number,) = (each for each in page(user).all('card-value') if each.attributes['data-value'] == key)
    return number.text


def note(user: User, key: str) -> str:
    """What stands below it."""
    return page(user).one(f'card-{key}').one('card-note').one('card-words').text


def trend(user: User, key: str) -> Drawn:
    return page(user).one(f'card-{key}').one('trend')


def presses(user: User, action: str, item: str = '') -> Drawn:
    """What does this when it is clicked."""
    (there,) = (each for each in page(user).all() if _does(each) == (action, item))
    return there


def press(user: User, action: str, item: str = '') -> None:
    assert presses(user, action, item)
    for markup in markups(user):
        if any(_does(each) == (action, item) for each in _tags(markup)):
            UserInteraction[ui.element](user=user, elements={markup}, target=None).trigger('action', [action, item])


def enter(user: User, entry: str, value: object, *, item: str = '') -> None:
    """What the browser says of a field that was typed into, a choice that was made, or a form that was sent."""
    (markup,) = (each for each in markups(user) if any(_takes(tag) == (entry, item) for tag in _tags(each)))
    UserInteraction[ui.element](user=user, elements={markup}, target=None).trigger('entry', [entry, item, value])


def by_id(user: User, html_id: str) -> Drawn:
    (there,) = (each for each in page(user).all() if each.attributes.get('id') == html_id)
    return there


def spoken(user: User) -> str:
    """What the page's status line announces."""
    (line,) = (each for each in page(user).children if 'status-note' in str(each))
    return Drawn(*line).all('sr-only')[0].text


def missed(user: User) -> str:
    """What is said of the updates that were held back; empty: there are none."""
    held = page(user).one('updates-held')
    return '' if 'hidden' in held.classes else held.all()[0].text


def updates_problem(user: User) -> str:
    return page(user).one('updates-trouble').all()[0].text


def pressed(user: User, action: str, item: str) -> bool:
    return presses(user, action, item).attributes['aria-pressed'] == 'true'


def _does(drawn: Drawn) -> tuple[str | None, str]:
    return drawn.attributes.get('data-action'), drawn.attributes.get('data-item', '')


def _takes(drawn: Drawn) -> tuple[str | None, str]:
    return drawn.attributes.get('data-entry'), drawn.attributes.get('data-item', '')


def _tags(markup: Markup) -> list[Drawn]:
    return Drawn('body', {}, [markup.tree]).all()
