"""The servers of ``bench live``, each a process on a core of its own, looked at from outside."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.live_rest import connected
from services.errors import Unavailable
from services.rollup_upkeep import LOOK_SECONDS

ROOT = Path(__file__).parents[1]
START_SECONDS = 30
REST_SECONDS = 120
START_MARGIN = LOOK_EVERY = 1.0
QUIET_MS = 50
"""CPU time in a second, up to which a server counts as being at rest."""

PEER = 'socket.io@4'
LAG = re.compile(r'^churnboard_loop_lag_seconds\{quantile="([0-9.]+)"\} (\S+)$', re.MULTILINE)
TICKS = os.sysconf('SC_CLK_TCK')
PAGE = os.sysconf('SC_PAGE_SIZE')


@dataclass(frozen=True, kw_only=True)
class Place:
    """What a server is started with."""

    core: int
    beat: float
    folder: Path


@dataclass(frozen=True)
class Server:
    """A running server; what it used is read from ``/proc``."""

    name: str
    pid: int
    port: int
    metrics_token: str = ''

    def cpu(self) -> float:
        """Milliseconds of user and system time so far, all threads."""
        fields = Path(f'/proc/{self.pid}/stat').read_text().rpartition(')')[2].split()
        return 1000 * (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self) -> float:
        """Resident kilobytes."""
        return int(Path(f'/proc/{self.pid}/statm').read_text().split()[1]) * PAGE / 1000

    async def at_rest(self) -> float:
        """Wait until what a server does at its start is over; gives the CPU time that took, from the start.

        Our own looks through all users' rollups once, some seconds after it began to serve.

        :raises Unavailable: it does not come to rest, so that no figure would be its own.
        """
        await asyncio.sleep(LOOK_SECONDS + START_MARGIN)
        quiet = 0
        for _ in range(round(REST_SECONDS / LOOK_EVERY)):
            before = self.cpu()
            await asyncio.sleep(LOOK_EVERY)
            quiet = quiet + 1 if self.cpu() - before <= QUIET_MS * LOOK_EVERY else 0
            if quiet == 2:
                return self.cpu()
        raise Unavailable(f'The server had not come to rest {REST_SECONDS} s after its start.')

    async def lag(self) -> dict[float, float]:
        """Milliseconds the event loop was late in the last half minute, by quantile; empty where it is not told."""
        if not self.metrics_token:
            return {}
        async with connected(self.port) as connection:
            answer = await connection.ask('/metrics', token=self.metrics_token)
        return lags(answer.body.decode())


@asynccontextmanager
async def churnboard(place: Place, *, url: str, secret: str) -> AsyncIterator[Server]:
    """Our server with its limits out of the way.

    :raises Unavailable: it did not start; tells what it said.
    """
    port, token = free_port(), secrets.token_urlsafe(24)
    limits = ('MAX_CONNECTIONS', 'MAX_CONNECTIONS_PER_ADDRESS', 'MAX_CONNECTIONS_UNAUTHENTICATED')
    settings = {
        'PORT': port,
        'DATA_DIR': place.folder / 'data',
        'DATABASE_URL': url,
        'SECRET_KEY': secret,
        'REFRESH_SECONDS': place.beat,
        'TOKEN_SECONDS': 86_400,
        'METRICS_TOKEN': token,
        'LOG_LEVEL': 'warning',
        **dict.fromkeys(limits, 1_000_000),
    }
    environment = {f'CHURNBOARD_{name}': str(value) for name, value in settings.items()}
    command = [sys.executable, 'main.py', 'serve', '--no-sample']
    async with running(command, environment, place, port, probe='/healthz') as pid:
        yield Server('ours', pid, port, token)


@asynccontextmanager
async def peer(place: Place, modules: Path, *, frame: int) -> AsyncIterator[Server]:
    """Node's socket.io sending frames of so many bytes.

    :raises Unavailable: it did not start; tells what it said.
    """
    port = free_port()
    environment = {'NODE_PATH': str(modules), 'PORT': str(port), 'TICK': str(place.beat), 'BYTES': str(frame)}
    async with running(['node', 'benchmarks/live_peer.js'], environment, place, port, probe='/socket.io/') as pid:
        yield Server('node', pid, port)


def lags(metrics: str) -> dict[float, float]:
    """The event loop's lag in milliseconds by quantile, as ``/metrics`` tells it."""
    return {float(quantile): 1000 * float(value) for quantile, value in LAG.findall(metrics)}


def busy(core: int) -> float:
    """Milliseconds that a core has worked so far, for whomever."""
    for line in Path('/proc/stat').read_text().splitlines():
        name, *ticks = line.split()
        if name == f'cpu{core}':
            user, nice, system, _idle, _wait, interrupts, soft, stolen, *_ = map(int, ticks)
            return 1000 * (user + nice + system + interrupts + soft + stolen) / TICKS
    raise Unavailable(f'/proc/stat does not tell of core {core}.')


def peer_modules(tell: Callable[[str], None]) -> Path | None:
    """Where Node finds socket.io, fetched once into the user's cache; ``None``: it cannot be had."""
    if not (shutil.which('node') and shutil.which('npm')):
        tell('Node or npm is not installed: nothing to compare with.')
        return None
    cache = Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache') / 'churnboard' / 'bench-node'
    modules = cache / 'node_modules'
    if not (modules / 'socket.io').exists():
        tell(f'Fetching {PEER} into {cache} ...')
        cache.mkdir(parents=True, exist_ok=True)
        command = ['npm', 'install', '--no-audit', '--no-fund', '--prefix', str(cache), PEER]
        fetched = subprocess.run(command, capture_output=True, check=False, timeout=300)
        if fetched.returncode:
            tell(f'{PEER} could not be fetched: nothing to compare with.')
            return None
    return modules


@asynccontextmanager
async def running(
    command: list[str], more: Mapping[str, str], place: Place, port: int, *, probe: str
) -> AsyncIterator[int]:
    """A server's process, as soon as it serves.

    :param probe: a path that is answered then, whatever with.
    :raises Unavailable: it did not start, or ended meanwhile; tells what it said.
    """
    # NiceGUI compresses nothing where it believes to be under test: this is a server as any other
    environment = {key: value for key, value in os.environ.items() if not key.startswith(('CHURNBOARD_', 'PYTEST_'))}
    log = place.folder / 'server.log'
    with log.open('wb') as said:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, env={**environment, **more}, stdout=said, stderr=said
        )
    os.sched_setaffinity(process.pid, {place.core})  # its threads come later, and inherit it
    try:
        try:
            await _answering(process, port, probe)
        except Unavailable as error:
            raise Unavailable(f'The server did not start. It said: {_end_of(log)}') from error
        yield process.pid
        if process.returncode is not None:
            raise Unavailable(f'The server ended meanwhile. It said: {_end_of(log)}')
    finally:
        await _end(process)


async def _answering(process: asyncio.subprocess.Process, port: int, probe: str) -> None:
    for _ in range(START_SECONDS * 10):
        if process.returncode is not None:
            break
        try:
            async with connected(port) as connection:
                await connection.ask(probe)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            return
    raise Unavailable('There was no answer.')


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(15):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _end_of(log: Path) -> str:
    return log.read_text(errors='replace')[-1500:].strip()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return int(probe.getsockname()[1])
