"""A page's outbox sends all it is given, in order, and is asleep while it is given nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from nicegui import client
from nicegui import outbox as library
from nicegui.dependencies import JsComponent
from nicegui.element import Element

from app.page_outbox import PageOutbox, sleep_between_messages
from tests.faults.follower import until
from tests.unit.running_outbox import FakePage, running

Sent = list[tuple[str, str, Any]]


class Outbox(PageOutbox):
    """Notes what it emits."""

    def __init__(self, page: Any) -> None:
        self.sent: Sent = []
        self.fails = False
        super().__init__(page)

    async def _emit(self, message: Any) -> None:
        if self.fails:
            self.fails = False
            raise ConnectionError('the link broke')
        self.sent.append(message)


@pytest.fixture
def page() -> FakePage:
    return FakePage()


@pytest.fixture
async def outbox(page: FakePage, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Outbox]:
    async with running(lambda: Outbox(page), monkeypatch) as outbox:
        yield outbox


async def test_messages_come_in_the_order_in_which_they_were_put_in(outbox: Outbox) -> None:
    for number in range(3):
        outbox.enqueue_message('notify', {'number': number}, 'page')
    await until(lambda: len(outbox.sent) == 3)
    assert outbox.sent == [('page', 'notify', {'number': number}) for number in range(3)]


async def test_what_was_put_in_while_the_page_was_away_comes_when_it_is_back(outbox: Outbox, page: FakePage) -> None:
    page.has_socket_connection = False
    outbox.enqueue_message('notify', {}, 'page')
    await asyncio.sleep(0.05)
    assert outbox.sent == []
    page.has_socket_connection = True
    await until(lambda: outbox.sent == [('page', 'notify', {})])


async def test_what_cannot_be_sent_is_told_and_is_not_the_last(
    outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    outbox.fails = True
    outbox.enqueue_message('notify', {'number': 1}, 'page')
    outbox.enqueue_message('notify', {'number': 2}, 'page')
    await until(lambda: outbox.sent == [('page', 'notify', {'number': 2})])
    assert 'could not be sent' in caplog.text
    assert 'the link broke' in caplog.text


async def test_nothing_wakes_it_while_it_is_given_nothing(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's wakes each second: with a thousand pages a thousand times a second."""
    loop = asyncio.get_running_loop()
    timers: list[object] = []
    call_at = loop.call_at
    monkeypatch.setattr(loop, 'call_at', lambda *call, **more: (timers.append(call), call_at(*call, **more))[1])
    outbox.enqueue_message('notify', {}, 'page')
    for _ in range(20):
        await asyncio.sleep(0)
    assert outbox.sent == [('page', 'notify', {})]
    assert timers == []


async def test_an_element_that_cannot_be_written_keeps_no_other_back(
    outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    class Plain(Element):
        component = None

        def __init__(self, number: int, *, fails: bool = False) -> None:
            self.id, self.fails = number, fails

        def _to_dict(self) -> dict[str, Any]:
            if self.fails:
                raise ValueError('no such figure')
            return {'tag': 'p'}

    elements = [Plain(7), Plain(8, fails=True), Plain(9)]
    for element in elements:
        outbox.enqueue_update(element)
    await until(lambda: outbox.sent == [('page', 'update', {7: {'tag': 'p'}, 9: {'tag': 'p'}})])
    assert 'no such figure' in caplog.text
    outbox.enqueue_update(elements[0])
    await until(lambda: outbox.sent[1:] == [('page', 'update', {7: {'tag': 'p'}})])


async def test_a_component_comes_once_and_before_the_first_element_that_needs_it(outbox: Outbox) -> None:
    class Drawn(Element):
        component = JsComponent(key='tree-key', name='tree', path=Path('tree.js'))

        def __init__(self, number: int) -> None:
            self.id = number

        def _to_dict(self) -> dict[str, Any]:
            return {'tag': 'tree'}

    for number in (7, 8):
        element = Drawn(number)
        outbox.enqueue_update(element)
        await until(lambda number=number: outbox.sent and number in outbox.sent[-1][2])  # type: ignore[misc]
    outbox.enqueue_delete(element)
    await until(lambda: outbox.sent[-1][2] == {8: None})
    components = {'components': [{'key': 'tree-key', 'tag': 'nicegui-tree'}]}
    assert outbox.sent == [
        ('page', 'load_js_components', components),
        ('page', 'update', {7: {'tag': 'tree'}}),
        ('page', 'update', {8: {'tag': 'tree'}}),
        ('page', 'update', {8: None}),
    ]


async def test_it_ends_with_its_page(outbox: Outbox) -> None:
    outbox.stop()
    await until(lambda: not [task for task in asyncio.all_tasks() if 'PageOutbox.loop' in repr(task)])


def test_all_pages_have_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, 'Outbox', library.Outbox)
    sleep_between_messages()
    assert client.Outbox is PageOutbox  # type: ignore[attr-defined]
