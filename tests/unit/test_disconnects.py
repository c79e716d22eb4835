"""Clients that go before they were answered."""

from __future__ import annotations

import engineio
import pytest
from starlette.types import Message, Receive, Scope, Send

from app.disconnects import NO_RESPONSE, QuietDisconnects

SCOPE = {
    'type': 'http',
    'method': 'POST',
    'path': '/engine.io/',
    'query_string': b'EIO=4&transport=polling&sid=x',
    'headers': [],
}


async def gone() -> Message:
    return {'type': 'http.disconnect'}


async def sent(message: Message) -> None:
    raise AssertionError(f'nobody is there for {message}')


async def test_a_poll_that_is_given_up_before_its_body_came_is_no_failure() -> None:
    engine = engineio.ASGIApp(engineio.AsyncServer(async_mode='asgi'))
    await QuietDisconnects(engine)(SCOPE, gone, sent)


@pytest.mark.parametrize('error', [RuntimeError('another'), KeyError('another')])
async def test_a_failure_is_one_also_when_the_client_went(error: Exception) -> None:
    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        raise error

    with pytest.raises(type(error)):
        await QuietDisconnects(failing)(SCOPE, gone, sent)


async def test_what_was_raised_for_nobody_is_one_while_the_client_is_there() -> None:
    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError(NO_RESPONSE)

    with pytest.raises(RuntimeError):
        await QuietDisconnects(failing)(SCOPE, gone, sent)
