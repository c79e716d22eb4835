"""One run of ``bench page``: the phases, one after the other."""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlmodel import Session, col, func, select

from app.pages import seldom
from app.session_cookie import COOKIE
from benchmarks import live_data
from benchmarks.live_servers import Place, Server, busy, churnboard, free_port, running
from benchmarks.pace import Pace
from benchmarks.page_browser import painted
from benchmarks.page_figures import Measured, Opened, TabsWindow
from benchmarks.page_tabs import Tabs
from benchmarks.writing import writing
from components.formats import count
from services import sessions
from services.clock import system_clock
from services.database import Database
from services.errors import Unavailable
from services.models import Prediction, User

FEW = 10
"""Tabs that come first, so that the server has loaded what everybody needs."""

KEPT = 5
"""Tabs whose numbers are held against the database's at the end."""

SHARES = (1.0, 0.0)
PAUSE_SECONDS = 1.0
LATE_SECONDS = seldom.SECONDS + PAUSE_SECONDS
"""So long after the last change some of what follows from it is read: until then it is no quiet time."""

SESSION_HOURS = 12


@dataclass(frozen=True, kw_only=True)
class Plan(Pace):
    """How much is measured."""

    tabs: int
    loads: int
    """How often a browser loads the page."""


class Bench:
    """One run."""

    def __init__(self, plan: Plan, database: Database, url: str, place: Place, tell: Callable[[str], None]) -> None:
        self._plan = plan
        self._database = database
        self._url = url
        self._place = place
        self._tell = tell
        self.users = live_data.fill(database, plan.tabs)
        self._cookie_ids = sign_in(database, self.users)
        self._measured = Measured()

    async def measure(self) -> Measured:
        async with churnboard(self._place, url=self._url, secret=secrets.token_urlsafe(48)) as server:
            self._tell('The server comes to rest ...')
            await server.at_rest()
            core, used, began = busy(self._place.core), server.cpu(), time.monotonic()
            await self._tabs(server)
            others = busy(self._place.core) - core - (server.cpu() - used)
            self._measured.others = others / 10 / (time.monotonic() - began)
            self._tell('A browser ...')
            self._measured.painted = await painted(
                server.port, self._cookie_ids[0], loads=self._plan.loads, tell=self._tell
            )
        await self._floor()
        return self._measured

    async def _tabs(self, server: Server) -> None:
        tabs = Tabs(server.port)
        before = await self._open(server, tabs, [f'{COOKIE}={cookie_id}' for cookie_id in self._cookie_ids])
        async with writing(self._url, self.users, beat=self._plan.beat) as writer:
            for share in SHARES:
                self._tell(f'{share:.0%} of the users changing ...')
                await writer.keep_to(share)
                await asyncio.sleep(max(self._plan.lead_in, 0 if share else LATE_SECONDS))
                await writer.keep_to(share)  # what is written is counted from here
                window = await self._window(server, tabs)
                self._measured.windows[share] = replace(window, written=await writer.keep_to(share))
        self._measured.memory_later = server.memory() - before
        self._check(tabs)
        await tabs.disconnect()

    async def _open(self, server: Server, tabs: Tabs, cookies: Sequence[str]) -> float:
        """Open all tabs, with what each of them takes; gives the memory before."""
        self._tell(f'{len(cookies):,} tabs open ...')
        await tabs.connect(cookies[:FEW])
        await tabs.disconnect()
        memory, cpu = server.memory(), server.cpu()
        seconds = await tabs.connect(cookies, keep=KEPT)
        await asyncio.sleep(PAUSE_SECONDS)
        self._measured.opened[server.name] = Opened(
            tabs=len(tabs), seconds=seconds, cpu=server.cpu() - cpu, memory=server.memory() - memory
        )
        return memory

    async def _window(self, server: Server, tabs: Tabs) -> TabsWindow:
        """What the next beats cost, after one to warm up."""
        await asyncio.sleep(self._plan.beat)
        tabs.count_anew()
        before = server.cpu()
        await asyncio.sleep(self._plan.beats * self._plan.beat)
        cpu, heard = server.cpu() - before, tabs.count_anew()
        return TabsWindow(beats=self._plan.beats, cpu=cpu, heard=heard, lag=await server.lag(), tabs=len(tabs))

    def _check(self, tabs: Tabs) -> None:
        """:raises Unavailable: a tab does not show what is in the database: the figures are of something else."""
        with self._database.reading() as session:
            for user_id, tab in zip(self.users, tabs.kept, strict=False):
                there, shown = count(predictions(session, user_id)), list(tab.texts('card-value'))
                if tab.open and there not in shown:
                    raise Unavailable(
                        f'The figures are worth nothing: a tab shows {shown} of user {user_id}, '
                        f'who has {there} predictions.'
                    )

    async def _floor(self) -> None:
        self._tell("NiceGUI's own ...")
        async with floor(self._place) as server:
            tabs = Tabs(server.port)
            await self._open(server, tabs, [''] * self._plan.tabs)
            self._measured.floor = await self._window(server, tabs)
            await tabs.disconnect()


@asynccontextmanager
async def floor(place: Place) -> AsyncIterator[Server]:
    """A server with NiceGUI's empty page.

    :raises Unavailable: it did not start; tells what it said.
    """
    port = free_port()
    environment = {'PORT': str(port), 'BEAT': str(place.beat)}
    command = [sys.executable, '-m', 'benchmarks.page_floor']
    async with running(command, environment, place, port, probe='/favicon.ico') as pid:
        yield Server('floor', pid, port)


def sign_in(database: Database, users: Sequence[int]) -> list[str]:
    """A browser session of each user; gives the ids that their cookies hold."""
    now = system_clock()
    cookie_ids = [secrets.token_urlsafe(32) for _ in users]
    with database.writing() as session:
        for user_id, cookie_id in zip(users, cookie_ids, strict=True):
            user = session.get_one(User, user_id)
            until = now + timedelta(hours=SESSION_HOURS)
            sessions.start(session, user, sessions.hash_of(cookie_id), now=now, expires_at=until)
    return cookie_ids


def predictions(session: Session, user_id: int) -> int:
    """How many the user has."""
    return session.exec(select(func.count()).where(col(Prediction.user_id) == user_id)).one()
