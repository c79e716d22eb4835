"""The element that draws trees: what it sends, and what it takes from a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from nicegui import ui
from nicegui.testing import User, user_simulation
from nicegui.testing.user_interaction import UserInteraction

from components.formats import NumberFormat, count, written_as
from components.markup import Markup, tag
from tests.ui.board_user import settled, touched

done: list[Any] = []


def tree(*items: str) -> Any:
    buttons = [
        tag('li', '', tag('button', '', f'End {item}', data_action='end', data_item=item), key=item) for item in items
    ]
    others = tag('button', '', 'More', data_action='more'), tag('button', '', 'Old', data_action='gone')
    fields = tag('input', data_entry='name', data_item='first'), tag('select', data_entry='kind')
    return tag('form', 'items', *buttons, *others, *fields, data_reset='empty')


@pytest.fixture
async def user() -> AsyncIterator[User]:
    done.clear()
    actions = {name: lambda item, name=name: done.append((name, item)) for name in ('end', 'more', 'empty')}
    entries = {name: lambda item, value, name=name: done.append((name, item, value)) for name in ('name', 'kind')}
    async with user_simulation(root=lambda: Markup(tree('1', '2'), actions=actions, entries=entries)) as user:
        await user.open('/')
        yield user


def the_list(user: User) -> Markup:
    (element,) = user.find(kind=Markup).elements
    assert isinstance(element, Markup)
    return element


def say(user: User, arguments: Any, *, event: str = 'action') -> None:
    """What a browser sends."""
    UserInteraction[ui.element](user=user, elements={the_list(user)}, target=None).trigger(event, arguments)


async def test_an_unchanged_tree_sends_nothing_and_a_changed_one_is_sent(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert user.client
    await settled()
    elements = touched(user.client, monkeypatch)
    the_list(user).draw(tree('1', '2'))
    assert elements == []
    the_list(user).draw(tree('2', '1'))
    assert elements == [the_list(user)]


async def test_its_texts_are_seen_as_those_of_any_element(user: User) -> None:
    await user.should_see('End 2')
    the_list(user).draw(tree('1'))
    await user.should_not_see('End 2')


async def test_a_click_on_what_is_offered_is_done(user: User) -> None:
    say(user, ['end', '2'])
    say(user, ['more', ''])
    say(user, ['empty', ''])
    assert done == [('end', '2'), ('more', ''), ('empty', '')]


@pytest.mark.parametrize(
    'arguments',
    [
        None,
        'end',
        7,
        [],
        ['end'],
        ['end', '3'],
        ['end', ''],
        ['more', '1'],
        ['gone', ''],
        ['end', '1', '2'],
        ['end', 1],
        ['end', None],
        [['end'], '1'],
        ['__class__', '1'],
        {'0': 'end', '1': '1'},
        ['x' * 100_000, '1'],
    ],
)
async def test_whatever_else_a_browser_says_does_nothing(user: User, arguments: Any) -> None:
    say(user, arguments)
    assert done == []


async def test_what_is_no_longer_offered_is_no_longer_done(user: User) -> None:
    the_list(user).draw(tree('1'))
    say(user, ['end', '2'])
    assert done == []


@pytest.mark.parametrize('value', ['Ada', '', None, 7, ['x'], {'a': 1}])
async def test_what_is_entered_is_told_as_it_is_said(user: User, value: Any) -> None:
    say(user, ['name', 'first', value], event='entry')
    say(user, ['kind', '', value], event='entry')
    assert done == [('name', 'first', value), ('kind', '', value)]


@pytest.mark.parametrize(
    'arguments',
    [
        None,
        'name',
        ['name', 'first'],
        ['name', 'second', 'x'],
        ['kind', None, 'x'],
        ['end', '1', 'x'],
        ['old', '', 'x'],
    ],
)
async def test_an_entry_that_is_not_offered_is_not_taken(user: User, arguments: Any) -> None:
    say(user, arguments, event='entry')
    assert done == []


class Rewritten(Markup):
    """Gives its tree again; its numbers are the reader's."""

    def __init__(self) -> None:
        self.number = 1_000
        self.writings = 0
        super().__init__(self.again())

    def again(self) -> Any:
        self.writings += 1
        return tag('p', '', count(self.number), tag('button', '', 'End', data_action='end'))


@pytest.fixture
async def rewritten() -> AsyncIterator[Rewritten]:
    made: list[Rewritten] = []
    async with user_simulation(root=lambda: made.append(Rewritten())) as user:
        await user.open('/')
        yield made[0]


async def test_a_tree_that_can_be_given_again_is_not_kept_once_it_is_sent(rewritten: Rewritten) -> None:
    rewritten.number = 2_000
    with written_as(NumberFormat(decimal=',', group='.')):
        rewritten.draw(rewritten.again())
    before = rewritten.writings
    assert orjson.loads(orjson.dumps(rewritten._to_dict()['props']['tree']))[2][0] == '2.000'
    assert rewritten.writings == before, 'it was at hand'
    assert rewritten._drawn.written is None
    assert orjson.loads(orjson.dumps(rewritten._to_dict()['props']['tree']))[2][0] == '2.000', 'as its reader reads'
    assert rewritten.tree[2][1][1] == {'data-action': 'end'}, 'what it offers is known'


async def test_one_that_was_let_go_of_is_sent_again_only_when_it_changed(
    rewritten: Rewritten, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewritten._to_dict()
    sent = touched(rewritten.client, monkeypatch)
    rewritten.draw(rewritten.again())
    assert sent == []
    rewritten.number += 1
    rewritten.draw(rewritten.again())
    assert sent == [rewritten]
