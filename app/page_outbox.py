"""What waits to be sent to a page: sent as NiceGUI does it, without a look each second whether there is anything."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import orjson
from nicegui import Client, client, core
from nicegui.dependencies import JsComponent
from nicegui.element import Element
from nicegui.json.orjson_wrapper import ORJSON_OPTS, _orjson_converter
from nicegui.outbox import Message, Outbox

log = logging.getLogger(__name__)

LINK_SECONDS = 0.1
"""Between two looks whether a page that is to be sent something is linked: NiceGUI's."""


class Written(NamedTuple):
    """The data of a message as the page is told it, whenever that is."""

    number: int
    data: orjson.Fragment | dict[str, Any]


class PageOutbox(Outbox):
    """Asleep until something is put into it, or its page has ended.

    NiceGUI's wakes each second: five times a beat, for each page, and for nothing.
    """

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self.updates: dict[int, Any] = {}  # type: ignore[assignment]
        """Elements; whatever stands for none is one that was deleted. NiceGUI's has a weak reference to each, which
        is dear to make, and for nothing: they are sent at once."""

        self._missed: deque[Message] = deque()
        """What the page was sent and did not get, as it was written, with its numbers."""

    def try_rewind(self, target_message_id: int) -> None:
        """Send again from that number on, before whatever is newer: NiceGUI sends the elements that changed meanwhile
        first, and what they were before after that.
        """
        waiting, self.messages = self.messages, deque()
        super().try_rewind(target_message_id)
        self._missed, self.messages = self.messages + self._missed, waiting

    async def loop(self) -> None:
        """Send what is put in, until the page has ended."""
        self._enqueue_event = filled = asyncio.Event()
        filled.set()  # what was put in before could not say so
        while not self._should_stop:
            try:
                await filled.wait()
                if not self._should_stop:
                    await self._send_to(self.client, filled)
            except Exception:  # what cannot be sent must not be the last that is
                log.exception('what changed on a page could not be written')
                await asyncio.sleep(LINK_SECONDS)

    async def _send_to(self, page: Client, filled: asyncio.Event) -> None:
        if not page.has_socket_connection:
            await asyncio.sleep(LINK_SECONDS)
            return
        filled.clear()
        for message in self._taken(page.id):
            try:
                await self._emit(message)
            except Exception:
                log.exception('what changed on a page could not be sent')

    def _taken(self, page_id: str) -> Iterator[Message]:
        """One after the other: the page may say that it missed some while another is being sent."""
        while self._missed or self.updates or self.messages:
            if self._missed:
                yield self._missed.popleft()
            elif self.updates:
                yield from self._taken_updates(page_id)
            else:
                yield self.messages.popleft()

    def _taken_updates(self, page_id: str) -> Iterator[Message]:
        """Components before the elements that need them."""
        waiting = {number: each if isinstance(each, Element) else None for number, each in self.updates.items()}
        self.updates.clear()
        written: dict[int, Any] = {}
        for number, each in waiting.items():
            try:
                written[number] = each and each._to_dict()
            except Exception:  # the others are shown all the same
                log.exception('an element of a page could not be written')
        if unknown := self._unknown(each.component for each in waiting.values() if each):
            components = [{'key': each.key, 'tag': each.tag} for each in unknown]
            yield page_id, 'load_js_components', {'components': components}
        yield page_id, 'update', written

    async def _emit(self, message: Message) -> None:
        """Keep it as it is written until the page has it, and send it: NiceGUI keeps all the parts it was made of."""
        page_id, event, data = message
        written = data if isinstance(data, Written) else _written(data, number=self.next_message_id)
        self.next_message_id = written.number + 1
        self.message_history.append((written.number, time.time(), (page_id, event, written)))
        self._forget_old()
        await core.sio.emit(event, written.data, room=page_id)

    def _forget_old(self) -> None:
        """Of a page that says nothing."""
        engine, history = core.sio.eio, self.message_history
        oldest = time.time() - engine.ping_interval - engine.ping_timeout - self.client.page.resolve_reconnect_timeout()
        while history and (history[0][1] < oldest or len(history) > core.app.config.message_history_length):
            history.popleft()

    def _unknown(self, components: Iterable[object]) -> list[JsComponent]:
        """Those that the page has not loaded; it has then."""
        unknown = {
            each.name: each
            for each in components
            if isinstance(each, JsComponent) and each.name not in self._loaded_components
        }
        self._loaded_components.update(unknown)
        return list(unknown.values())


def _written(data: dict[str, Any], *, number: int) -> Written:
    data = data | {'_id': number}
    try:
        written = orjson.dumps(data, default=_orjson_converter, option=ORJSON_OPTS)
    except orjson.JSONEncodeError:  # it holds bytes, which the library sends beside the text
        return Written(number, data)
    kept = bytes(memoryview(written))  # what orjson gives holds on to 8 kB, however short it is
    return Written(number, orjson.Fragment(kept))


def sleep_between_messages() -> None:
    """From now on, for all pages of this process."""
    client.Outbox = PageOutbox  # type: ignore[attr-defined]  # by the name that its pages make theirs by
