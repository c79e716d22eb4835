"""What a page was sent is kept until it has it, and comes again as it was where the page asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from nicegui import core
from nicegui.element import Element

from app.page_outbox import PageOutbox
from tests.faults.follower import until
from tests.unit.running_outbox import FakePage, running

Sent = list[tuple[str, Any]]


class Link(SimpleNamespace):
    """How the next message fares."""

    held: asyncio.Event | None = None
    """It has to wait for this."""
    breaks = False


@pytest.fixture
def link() -> Link:
    return Link()


@pytest.fixture
def sent(link: Link, monkeypatch: pytest.MonkeyPatch) -> Sent:
    """What goes to the page."""
    sent: Sent = []

    async def emit(event: str, data: Any, *, room: str) -> None:
        assert room == 'page'
        if link.breaks:
            link.breaks = False
            raise ConnectionError('the link broke')
        sent.append((event, orjson.loads(orjson.dumps(data)) if isinstance(data, orjson.Fragment) else data))
        if link.held:
            await link.held.wait()

    engine = SimpleNamespace(ping_interval=25, ping_timeout=20)
    monkeypatch.setattr(core, 'sio', SimpleNamespace(emit=emit, eio=engine), raising=False)
    monkeypatch.setattr(core.app, 'config', SimpleNamespace(message_history_length=5), raising=False)
    return sent


@pytest.fixture
async def outbox(sent: Sent, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PageOutbox]:
    page: Any = FakePage()
    async with running(lambda: PageOutbox(page), monkeypatch) as outbox:
        yield outbox


async def notify(outbox: PageOutbox, sent: Sent, *numbers: int) -> None:
    before = len(sent)
    for number in numbers:
        outbox.enqueue_message('notify', {'number': number}, 'page')
    await until(lambda: len(sent) == before + len(numbers))


async def test_messages_are_numbered(outbox: PageOutbox, sent: Sent) -> None:
    await notify(outbox, sent, 7, 8)
    assert sent == [('notify', {'number': 7, '_id': 0}), ('notify', {'number': 8, '_id': 1})]


async def test_what_comes_again_is_what_it_was_with_its_number(outbox: PageOutbox, sent: Sent) -> None:
    payload = {'texts': ['as it was']}
    outbox.enqueue_message('notify', payload, 'page')
    await until(lambda: len(sent) == 1)
    payload['texts'] = ['as it is now']
    await notify(outbox, sent, 8, 9)
    first = sent.copy()

    outbox.try_rewind(0)
    await until(lambda: len(sent) == 6)
    assert sent[3:] == first
    await notify(outbox, sent, 10)
    assert sent[-1] == ('notify', {'number': 10, '_id': 3})

    outbox.try_rewind(2)
    await until(lambda: len(sent) == 9)
    assert sent[7:] == [('notify', {'number': 9, '_id': 2}), ('notify', {'number': 10, '_id': 3})]


async def test_what_the_page_missed_comes_before_what_is_newer(outbox: PageOutbox, sent: Sent) -> None:
    """Else an element would end as it was before the link was lost."""

    class Counter(Element):
        component = None
        id = 7
        number = 0

        def __init__(self) -> None:
            pass

        def _to_dict(self) -> dict[str, int]:
            return {'number': self.number}

    counter = Counter()
    for counter.number in (1, 2):
        before = len(sent)
        outbox.enqueue_update(counter)
        await until(lambda before=before: len(sent) > before)  # type: ignore[misc]
    counter.number = 3
    outbox.try_rewind(1)
    outbox.try_rewind(1)  # the link broke once more before anything was sent
    outbox.enqueue_update(counter)
    outbox.enqueue_message('notify', {}, 'page')
    await until(lambda: len(sent) == 5)
    assert sent[2:] == [
        ('update', {'7': {'number': 2}, '_id': 1}),
        ('update', {'7': {'number': 3}, '_id': 2}),
        ('notify', {'_id': 3}),
    ]


async def test_what_is_missed_while_something_is_on_its_way_comes_next(
    outbox: PageOutbox, sent: Sent, link: Link
) -> None:
    """What holds bytes takes its time."""
    await notify(outbox, sent, 7, 8)
    link.held = asyncio.Event()
    outbox.enqueue_message('download', {'src': b'file'}, 'page')
    outbox.enqueue_message('notify', {'number': 9}, 'page')
    await until(lambda: len(sent) == 3)
    outbox.try_rewind(0)
    link.held.set()
    await until(lambda: len(sent) == 7)
    assert [data['_id'] for _, data in sent] == [0, 1, 2, 0, 1, 2, 3]
    assert sent[-1] == ('notify', {'number': 9, '_id': 3})


@pytest.mark.parametrize('failing', [0, 1, 2])
async def test_one_that_cannot_be_sent_again_costs_no_other(
    outbox: PageOutbox, sent: Sent, link: Link, failing: int
) -> None:
    """A page leaves out whatever has a number that it has had already."""
    await notify(outbox, sent, 7, 8, 9)
    outbox.try_rewind(failing)
    link.breaks = True
    outbox.enqueue_message('notify', {'number': 10}, 'page')
    await until(lambda: sent[-1] == ('notify', {'number': 10, '_id': 3}))
    assert [data['_id'] for _, data in sent[3:]] == [*range(failing + 1, 4)]


async def test_nothing_is_kept_of_what_the_page_has(outbox: PageOutbox, sent: Sent) -> None:
    await notify(outbox, sent, 7, 8, 9)
    outbox.prune_history(2)
    assert [number for number, *_ in outbox.message_history] == [2]


async def test_of_one_that_says_nothing_the_last_are_kept(
    outbox: PageOutbox, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    await notify(outbox, sent, *range(8))
    assert [number for number, *_ in outbox.message_history] == [3, 4, 5, 6, 7]
    later = outbox.message_history[-1][1] + 91
    monkeypatch.setattr('app.page_outbox.time', SimpleNamespace(time=lambda: later))
    await notify(outbox, sent, 8)
    assert len(outbox.message_history) == 1, '25 and 20 for the link, and 45 for the page'


async def test_what_no_json_can_hold_is_sent_all_the_same(outbox: PageOutbox, sent: Sent) -> None:
    """A file that is downloaded, by who extends a page; and numbers of other libraries."""
    outbox.enqueue_message('download', {'src': b'\xff\x00'}, 'page')
    outbox.enqueue_message('notify', {'number': Decimal(7), 3: 'a key'}, 'page')
    await until(lambda: len(sent) == 2)
    assert sent == [
        ('download', {'src': b'\xff\x00', '_id': 0}),
        ('notify', {'number': 7.0, '3': 'a key', '_id': 1}),
    ]
    outbox.try_rewind(0)
    await until(lambda: len(sent) == 4)
    assert sent[2:] == sent[:2]
