"""Elements that share what they begin with: nobody finds out, but by what they take."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
import pytest
from nicegui import ui
from nicegui.testing import User, user_simulation

from components.light_element import LightElement


class Card(LightElement, default_classes='card quiet'):
    pass


class Region(LightElement, default_props='role=region', default_style='color: red'):
    pass


@pytest.fixture
async def user() -> AsyncIterator[User]:
    async with user_simulation(root=lambda: None) as user:
        await user.open('/')
        yield user


def sent(element: ui.element) -> Any:
    """As a browser is told of it."""
    return orjson.loads(orjson.dumps(element._to_dict()))


async def test_is_sent_as_any_other(user: User) -> None:
    with user:
        assert sent(LightElement('p')) == sent(ui.element('p'))
        assert sent(LightElement('p', 'a b')) == sent(ui.element('p').classes('a b'))
        assert sent(Card('p', 'wide'))['class'] == ['card', 'quiet', 'wide']
        assert sent(Region('p')) == {'tag': 'p', 'props': {'role': 'region'}, 'style': {'color': 'red'}}


@pytest.mark.parametrize(
    'change',
    [
        lambda element: element.classes('new'),
        lambda element: element.classes(remove='card'),
        lambda element: element.classes.append('new'),
        lambda element: element.style('color: blue'),
        lambda element: element.props('role=status data-new'),
        lambda element: element.set_visibility(False),
    ],
)
async def test_a_change_is_of_one_element_alone(user: User, change: Callable[[ui.element], Any]) -> None:
    with user:
        changed, other = Card('p'), Card('p')
        before = sent(other)
        user.client.outbox.updates.clear()
        change(changed)
        assert sent(changed) != before
        assert sent(other) == sent(Card('p')) == before
        assert set(user.client.outbox.updates) >= {changed.id}
        assert other.id not in user.client.outbox.updates


async def test_changes_add_up(user: User) -> None:
    with user:
        element = Card('p').classes('new').classes(remove='quiet').style('color: blue').props('role=status')
        element.props['data-more'] = 'yes'
        element.set_visibility(False)
        element.set_visibility(True)
        assert sent(element) == {
            'tag': 'p',
            'class': ['card', 'new'],
            'style': {'color': 'blue'},
            'props': {'role': 'status', 'data-more': 'yes'},
        }


async def test_what_is_shared_cannot_be_changed(user: User) -> None:
    with user:
        first, second = Card('p'), Card('p')
        shared: Any = first._classes
        assert shared is second._classes
        assert not hasattr(shared, 'append')
        for nothing in (first._style, first._props):
            untyped: Any = nothing
            with pytest.raises(TypeError):
                untyped['data-mine'] = 'yes'


async def test_to_listen_needs_nothing_of_its_own(user: User) -> None:
    with user:
        element = LightElement('button')
        element.on('click', lambda: None)
        assert [event['type'] for event in sent(element)['events']] == ['click']
        assert not isinstance(element._props, dict)
