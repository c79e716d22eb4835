"""One run of ``bench live``: the phases, one after the other."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import live_data, live_rest
from benchmarks.live_clients import POSTED, Load
from benchmarks.live_figures import Measured, Window, idle_of
from benchmarks.live_servers import Place, Server, busy, churnboard, peer
from benchmarks.pace import Pace
from benchmarks.writing import Writing, writing
from services.clock import system_clock
from services.database import Database
from services.errors import Unavailable
from services.tokens import Tokens

NO_BEAT = 3600
FEW = 50
"""Clients that come first, so that the server has loaded what everybody needs."""

SHARES = (1.0, 0.1, 0.0)
MODES = ('full', 'changes')
TOKEN_SECONDS = 14_400


@dataclass(frozen=True, kw_only=True)
class Plan(Pace):
    """How much is measured; five beats of five seconds hold one ping of each client."""

    users: int
    rest_seconds: float
    idle_seconds: float
    """For the pings' cost; 0: it is left out."""


class Bench:
    """One run."""

    def __init__(self, plan: Plan, database: Database, url: str, place: Place, tell: Callable[[str], None]) -> None:
        self._plan = plan
        self._url = url
        self._place = place
        self._tell = tell
        self._secret = secrets.token_urlsafe(48)
        self.users = live_data.fill(database, plan.users)
        tokens = Tokens(self._secret, max_seconds=TOKEN_SECONDS, clock=system_clock)
        self._tokens = [tokens.issue(user_id, 0, seconds=TOKEN_SECONDS) for user_id in self.users]
        self._measured = Measured()

    async def measure(self, modules: Path | None) -> Measured:
        async with churnboard(self._place, url=self._url, secret=self._secret) as server:
            self._tell('The server comes to rest ...')
            self._measured.start = await server.at_rest()
            core, used, began = busy(self._place.core), server.cpu(), time.monotonic()
            async with writing(self._url, self.users, beat=self._plan.beat) as writer:
                for mode in MODES:
                    await self._phases(server, writer, mode)
            await self._rest(server)
            others = busy(self._place.core) - core - (server.cpu() - used)
            self._measured.others = others / 10 / (time.monotonic() - began)
        if self._plan.idle_seconds:
            await self._pings()
        if modules:
            await self._peer(modules)
        return self._measured

    async def _phases(self, server: Server, writer: Writing, mode: str) -> None:
        load = Load(server.port)
        await self._connect(server, load, self._tokens, updates=mode)
        for share in SHARES:
            self._tell(f'{mode} updates, {share:.0%} of the users changing ...')
            await writer.keep_to(share)
            await asyncio.sleep(self._plan.lead_in)
            await writer.keep_to(share)  # what is written is counted from here
            window = await self._window(server, load)
            self._measured.windows[mode, share] = replace(window, written=await writer.keep_to(share))
        if mode == 'changes':
            await self._commits(server, load, writer)
        await writer.keep_to(0)
        await load.disconnect()

    async def _connect(self, server: Server, load: Load, tokens: list[str], *, updates: str) -> None:
        """Connect all, with what each of them takes."""
        self._tell(f'{len(tokens):,} clients connect ...')
        await load.connect(tokens[:FEW])
        await load.disconnect()
        before = server.memory()
        seconds = await load.connect(tokens, updates=updates)
        rate, memory = len(tokens) / seconds, (server.memory() - before) / len(tokens)
        self._measured.connected.setdefault(server.name, (rate, memory))  # the first time, on a fresh server

    async def _window(self, server: Server, load: Load) -> Window:
        """What the next beats cost, after one to warm up."""
        await asyncio.sleep(self._plan.beat)
        load.count_anew()
        before = server.cpu()
        await asyncio.sleep(self._plan.beats * self._plan.beat)
        cpu, heard = server.cpu() - before, load.count_anew()
        return Window(beats=self._plan.beats, cpu=cpu, heard=heard, lag=await server.lag())

    async def _commits(self, server: Server, load: Load, writer: Writing) -> None:
        """How long a posted prediction takes from its commit to the frame, while a tenth changes."""
        self._tell('From commit to frame ...')
        await writer.keep_to(0.1)
        await asyncio.sleep(self._plan.beat)
        load.count_anew()
        count = round(self._plan.beats * self._plan.beat * 4)
        async with live_rest.connected(server.port) as connection:
            for number, token in enumerate(random.Random(3).choices(self._tokens, k=count)):
                rows = [{'customer_id': f'{POSTED}{number:05}', 'churn_score': 0.5}]
                answer = await connection.ask('/api/predictions', token=token, rows=rows)
                if answer.status != 200:
                    raise Unavailable(f'POST /api/predictions was answered {answer.status}: {answer.body[:200]!r}')
                await asyncio.sleep(0.25)
        await asyncio.sleep(1)
        self._measured.posted, self._measured.delays = count, sorted(load.count_anew().delays)

    async def _rest(self, server: Server) -> None:
        self._tell('REST ...')
        tags = await live_rest.tags(server.port, self._tokens)
        for status, known in ((304, tags), (200, [None] * len(tags))):
            before = server.cpu()
            statuses = await live_rest.repeat(server.port, self._tokens, known, self._plan.rest_seconds)
            if statuses[status] < 0.98 * statuses.total():
                raise Unavailable(f'GET /api/live-data should have been answered {status}, and was: {dict(statuses)}')
            count = statuses.total()
            self._measured.rest[status] = (count / self._plan.rest_seconds, (server.cpu() - before) / count)

    async def _pings(self) -> None:
        """What the connections cost by themselves: on a server that never beats meanwhile."""
        self._tell('Pings ...')
        place = replace(self._place, beat=NO_BEAT)
        async with churnboard(place, url=self._url, secret=self._secret) as server:
            load = Load(server.port)
            await load.connect(self._tokens[:FEW])
            await load.disconnect()
            await server.at_rest()
            alone = await self._idle(server)
            await load.connect(self._tokens)
            await asyncio.sleep(2)
            load.count_anew()
            connected = await self._idle(server)
            pings = load.count_anew().pings / self._plan.idle_seconds * self._plan.beat
            await load.disconnect()
        self._measured.idle = idle_of(alone=alone, connected=connected, pings=pings)
        if not self._measured.idle:
            self._tell(f'What pings cost could not be told: {alone:.0f} ms a beat without them, {connected:.0f} with.')

    async def _idle(self, server: Server) -> float:
        """CPU a beat's time of a server that does not beat; equally long each time, so that it can be taken off."""
        before = server.cpu()
        await asyncio.sleep(self._plan.idle_seconds)
        return (server.cpu() - before) / self._plan.idle_seconds * self._plan.beat

    async def _peer(self, modules: Path) -> None:
        self._tell("Node's socket.io ...")
        frame = round(self._measured.windows['full', 1.0].frame)
        async with peer(self._place, modules, frame=frame) as server:
            load = Load(server.port)
            await self._connect(server, load, [str(user_id) for user_id in self.users], updates='full')
            await load.next_event()
            await asyncio.sleep(self._plan.beat / 2)  # it sends all at once: none of that may fall on a window's edge
            self._measured.peer = await self._window(server, load)
            await load.disconnect()
