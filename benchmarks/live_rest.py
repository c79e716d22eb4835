"""The REST load of ``bench live``: requests one after another on a number of connections that are kept alive."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from services.errors import Unavailable

CONNECTIONS = 64
ANSWER_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connection:
    """One connection; a request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(
        self,
        path: str,
        *,
        token: str = '',
        tag: str | None = None,
        rows: Sequence[object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """GET with an ETag that is known, or POST of rows.

        :param headers: further ones.
        :raises Unavailable: no answer came.
        """
        body = b'' if rows is None else json.dumps(rows).encode()
        lines = [
            f'{"GET" if rows is None else "POST"} {path} HTTP/1.1',
            *(f'{name}: {value}' for name, value in ({'Host': '127.0.0.1'} | dict(headers or {})).items()),
        ]
        if token:
            lines.append(f'Authorization: Bearer {token}')
        if tag:
            lines.append(f'If-None-Match: {tag}')
        if body:
            lines += ['Content-Type: application/json', f'Content-Length: {len(body)}']
        self._writer.write('\r\n'.join([*lines, '', '']).encode() + body)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._answer()
        except (OSError, EOFError, TimeoutError) as error:
            raise Unavailable(f'The server did not answer {path}.') from error

    async def _answer(self) -> Answer:
        head = (await self._reader.readuntil(b'\r\n\r\n')).decode('latin-1').split('\r\n')
        status = int(head[0].split(' ')[1])
        pairs = (line.split(': ', 1) for line in head[1:] if line)
        headers = {name.lower(): value for name, value in pairs}
        length = 0 if status == 304 else int(headers.get('content-length', 0))
        return Answer(status=status, headers=headers, body=await self._reader.readexactly(length))


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Connection]:
    reader, writer = await asyncio.open_connection('127.0.0.1', port)
    try:
        yield Connection(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def tags(port: int, tokens: Sequence[str]) -> list[str]:
    """The ETag of each user's board as it is now."""
    found: dict[str, str] = {}
    waiting = iter(tokens)

    async def ask() -> None:
        async with connected(port) as connection:
            for token in waiting:
                answer = await connection.ask('/api/live-data', token=token)
                if 'etag' not in answer.headers:
                    raise Unavailable(f'GET /api/live-data was answered {answer.status}: {answer.body[:200]!r}')
                found[token] = answer.headers['etag']

    await asyncio.gather(*(ask() for _ in range(CONNECTIONS)))
    return [found[token] for token in tokens]


async def repeat(port: int, tokens: Sequence[str], known: Sequence[str | None], seconds: float) -> Counter[int]:
    """Ask for the boards of all users in turn for so long; gives the number of answers by status."""
    statuses: Counter[int] = Counter()
    calls = itertools.cycle(zip(tokens, known, strict=True))
    until = time.perf_counter() + seconds

    async def ask() -> None:
        async with connected(port) as connection:
            while time.perf_counter() < until:
                token, tag = next(calls)
                statuses[(await connection.ask('/api/live-data', token=token, tag=tag)).status] += 1

    await asyncio.gather(*(ask() for _ in range(CONNECTIONS)))
    return statuses
