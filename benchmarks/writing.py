"""The writer's process, from outside: see :mod:`benchmarks.live_writer`."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from benchmarks.live_servers import ROOT
from services.errors import Unavailable


class Writing:
    """The other end of the writer."""

    def __init__(self, asked: asyncio.StreamWriter, answered: asyncio.StreamReader) -> None:
        self._asked = asked
        self._answered = answered

    async def keep_to(self, share: float) -> int:
        """Write for that share of the users a beat from now on; gives what was written since the last time."""
        self._asked.write(f'{share}\n'.encode())
        answer = await self._answered.readline()
        if not answer:
            raise Unavailable('The writer failed; what it said is above.')
        return int(answer)


@asynccontextmanager
async def writing(url: str, users: Sequence[int], *, beat: float) -> AsyncIterator[Writing]:
    """A writer that writes nothing yet.

    :param beat: seconds.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, '-m', 'benchmarks.live_writer'),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin and process.stdout
    try:
        job = {'url': url, 'users': list(users), 'beat': beat}
        process.stdin.write(json.dumps(job).encode() + b'\n')
        yield Writing(process.stdin, process.stdout)
    finally:
        process.stdin.close()
        await process.wait()
