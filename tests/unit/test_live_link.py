"""What a client makes of servers that greet as they should not, and of tokens that are somebody else's."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import aiohttp
import orjson
import pytest
import socketio
from aiohttp import web

from services.live_client import ConnectionStatus, LiveClient
from services.live_links import LiveLinks
from services.live_polling import LivePolling, Polled
from services.live_timing import LiveTiming

WELCOME = {'status': 'success', 'message': 'Signed in.'}
EXPIRED = {'status': 'error', 'code': 'invalid_token', 'message': 'The token has expired.'}
TIMING = LiveTiming(pauses=(0.01,), jitter=0, poll=60, answer=5)
S = ConnectionStatus


def token(user_id: int, number: int = 0) -> str:
    """One that nobody has signed: it is for its reader to say whose it is."""
    payload = base64.urlsafe_b64encode(orjson.dumps({'sub': str(user_id), 'jti': number})).decode().rstrip('=')
    return f'head.{payload}.signature'


class Server:
    """Greets each connection as the next entry of its script says; the last one holds from then on.

    ``None``: ends the connection without a greeting.
    """

    def __init__(self) -> None:
        self.script: list[dict[str, Any] | None] = [WELCOME]
        self.shown: list[str] = []
        """The tokens, in the order of the connections."""
        self.sids: list[str] = []
        self.sio = socketio.AsyncServer(async_mode='aiohttp', always_connect=True)
        self.sio.on('connect', self._connect)
        self.sio.on('authenticate', self._authenticate)
        self.on_authenticate: Callable[[], Any] = lambda: WELCOME
        self.url = ''
        self.polled = 200, ''

    async def _connect(self, sid: str, _environ: object, auth: dict[str, str]) -> None:
        self.shown.append(auth['token'])
        self.sids.append(sid)
        greeting = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if greeting:
            await self.sio.emit('connected', greeting, to=sid)
        if greeting != WELCOME:
            await self.sio.disconnect(sid)

    async def live_data(self, _request: web.Request) -> web.Response:
        status, text = self.polled
        return web.Response(status=status, text=text, content_type='application/json')

    async def _authenticate(self, _sid: str, _message: object) -> object:
        answer = self.on_authenticate()
        return await answer if asyncio.iscoroutine(answer) else answer


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server, app = Server(), web.Application()
    server.sio.attach(app)
    app.router.add_get('/api/live-data', server.live_data)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, '127.0.0.1', 0)
    await site.start()
    server.url = f'http://127.0.0.1:{runner.addresses[0][1]}'
    yield server
    await server.sio.shutdown()
    await runner.cleanup()


class Clients:
    """Of one program."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._links = LiveLinks()
        self._made: list[LiveClient] = []

    def another(self, **options: Any) -> LiveClient:
        self._made.append(LiveClient(self._url, links=self._links, **{'timing': TIMING, **options}))
        return self._made[-1]

    async def close(self) -> None:
        for client in self._made:
            await client.disconnect()


@pytest.fixture
async def clients(server: Server) -> AsyncIterator[Clients]:
    clients = Clients(server.url)
    yield clients
    async with asyncio.timeout(60):
        await clients.close()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 -- nothing tells that it holds
            await asyncio.sleep(0.005)


async def test_a_server_that_hangs_up_without_a_greeting_is_tried_again(server: Server, clients: Clients) -> None:
    server.script = [None, None, WELCOME]
    client = clients.another()
    async with asyncio.timeout(60):
        assert await client.connect(token(1)) is False
    await until(lambda: client.connection_status is S.CONNECTED)
    assert len(server.shown) == 3


async def test_another_renewal_may_follow_after_an_attempt_that_came_to_nothing(
    server: Server, clients: Clients
) -> None:
    """The server was away for so long that the renewed token has expired, too."""
    tokens = iter([token(1, 1), token(1, 2)])

    async def renew() -> str:
        return next(tokens)

    server.script = [EXPIRED, None, EXPIRED, WELCOME]
    client = clients.another(renew=renew)
    await client.connect(token(1, 0))
    await until(lambda: client.connection_status in (S.CONNECTED, S.ERROR))
    assert client.connection_status is S.CONNECTED
    assert server.shown == [token(1, 0), token(1, 1), token(1, 1), token(1, 2)]


async def test_one_who_joins_a_link_that_is_just_breaking_gets_one_of_its_own(server: Server, clients: Clients) -> None:
    first, second = clients.another(), clients.another()
    assert await first.connect(token(1, 0))

    async def breaking() -> object:
        server.script = [WELCOME]
        await server.sio.disconnect(server.sids[0])
        return WELCOME

    server.on_authenticate = breaking
    await second.connect(token(1, 1))
    await until(lambda: second.connection_status is S.CONNECTED)


async def test_one_whose_token_was_not_checked_in_time_shares_nothing(server: Server, clients: Clients) -> None:
    first, second = clients.another(timing=replace(TIMING, answer=0.3)), clients.another()
    assert await first.connect(token(1, 0))
    server.on_authenticate = lambda: asyncio.sleep(0.6)
    assert await second.connect(token(1, 1))
    assert server.shown == [token(1, 0), token(1, 1)]


async def test_one_who_joins_a_link_that_its_last_client_leaves_gets_one_of_its_own(
    server: Server, clients: Clients
) -> None:
    first, second = clients.another(), clients.another()
    assert await first.connect(token(1, 0))
    link = first._link
    assert link
    authenticate = link.authenticate

    async def then_leave(shown: str) -> None:
        await authenticate(shown)
        await first.disconnect()

    link.authenticate = then_leave  # type: ignore[method-assign]
    assert await second.connect(token(1, 1))
    assert second.connection_status is S.CONNECTED


@pytest.mark.parametrize('door', ['connect', 'renew'])
async def test_a_token_of_another_user_is_not_taken_while_there_is_no_connection(
    server: Server, clients: Clients, door: str
) -> None:
    """Others share the link: they would get a board that is not theirs."""

    async def renew() -> str:
        return token(2)

    client, other = clients.another(renew=renew if door == 'renew' else None), clients.another()
    assert await client.connect(token(1))
    assert await other.connect(token(1))
    server.script = [None] if door == 'connect' else [EXPIRED, WELCOME]
    await server.sio.disconnect(server.sids[0])
    if door == 'connect':
        await until(lambda: client.connection_status is S.RECONNECTING)
        assert await client.connect(token(2)) is False
        server.script = [WELCOME]
        await until(lambda: client.connection_status is S.CONNECTED)
    else:
        await until(lambda: other.connection_status is S.ERROR)
    assert set(server.shown) == {token(1)}


@pytest.mark.parametrize('body', ['{"detail": "not found"}', '[]', '"no"', '{"error": "no"}', 'no'])
@pytest.mark.parametrize('status', [200, 404])
async def test_what_answers_a_poll_and_is_not_the_server_counts_as_out_of_reach(
    server: Server, status: int, body: str
) -> None:
    server.polled = status, body
    async with aiohttp.ClientSession() as http:
        assert await LivePolling(http, server.url).poll(token(1), {}) is Polled.UNREACHABLE


async def test_a_refusal_that_says_when_to_come_back_is_heeded(server: Server, clients: Clients) -> None:
    """As with too many connections: else each of them would knock every second."""
    server.script = [{'status': 'error', 'code': 'rate_limited', 'message': 'Too many.', 'retry_after': 0.5}, WELCOME]
    client, loop = clients.another(), asyncio.get_running_loop()
    assert await client.connect(token(1)) is False
    refused = loop.time()
    await until(lambda: client.connection_status is S.CONNECTED)
    assert loop.time() - refused >= 0.45
