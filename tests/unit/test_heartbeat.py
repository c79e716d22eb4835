"""Who is asked for a sign of life, when, and who is given up."""

from __future__ import annotations

import asyncio

import pytest

from services import heartbeat
from services.heartbeat import Heartbeat


class Client:
    """Writes down when it was asked and given up."""

    def __init__(self, beats: Heartbeat, *, answers: int = 0) -> None:
        self.asked: list[float] = []
        self.lost: list[float] = []
        self._beats = beats
        self._answers = answers

    def ask(self) -> None:
        self.asked.append(asyncio.get_running_loop().time())
        if len(self.asked) <= self._answers:
            asyncio.get_running_loop().call_soon(self._beats.answered, self)

    def give_up(self) -> None:
        self.lost.append(asyncio.get_running_loop().time())


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, 'TICK', 0.002)


async def until_empty(beats: Heartbeat) -> None:
    async with asyncio.timeout(60):
        while beats:  # noqa: ASYNC110 -- nothing tells
            await asyncio.sleep(0.002)


async def test_one_who_answers_is_asked_again_and_one_who_does_not_is_given_up() -> None:
    beats, begin = Heartbeat(interval=0.04, timeout=0.02), asyncio.get_running_loop().time()
    faithful, silent = Client(beats, answers=3), Client(beats)
    beats.begin(faithful)
    beats.begin(silent)
    await until_empty(beats)
    assert [len(faithful.asked), len(silent.asked)] == [4, 1]
    assert [len(faithful.lost), len(silent.lost)] == [1, 1]
    assert silent.asked[0] - begin >= 0.04
    assert silent.lost[0] - begin >= 0.04 + 0.02
    assert all(later - earlier >= 0.04 for earlier, later in zip(faithful.asked, faithful.asked[1:], strict=False))
    assert beats._timer is None


async def test_one_who_left_is_neither_asked_nor_given_up_nor_kept() -> None:
    class Leaving(Client):
        def ask(self) -> None:
            super().ask()
            asyncio.get_running_loop().call_soon(beats.end, self)

    beats = Heartbeat(interval=0.02, timeout=0.02)
    before, meanwhile, other = Client(beats), Leaving(beats), Client(beats, answers=1)
    for client in (before, meanwhile, other):
        beats.begin(client)
    beats.end(before)
    await until_empty(beats)
    assert (before.asked, before.lost, len(meanwhile.asked), meanwhile.lost) == ([], [], 1, [])
    assert len(other.asked) == 2


async def test_an_answer_that_nobody_asked_for_puts_nothing_off() -> None:
    beats, begin = Heartbeat(interval=0.04, timeout=0.02), asyncio.get_running_loop().time()
    eager = Client(beats)
    beats.begin(eager)
    while not eager.asked:
        beats.answered(eager)
        await asyncio.sleep(0.002)
    assert eager.asked[0] - begin < 1
    beats.end(eager)
    beats.answered(eager)
    assert not beats


async def test_many_are_asked_by_few_looks() -> None:
    beats = Heartbeat(interval=0.02, timeout=1)
    clients = [Client(beats) for _ in range(1_000)]
    looks: list[int] = []
    look = beats._look

    def counted() -> None:
        look()
        looks.append(sum(len(client.asked) for client in clients))

    beats._look = counted  # type: ignore[method-assign]
    for client in clients:
        beats.begin(client)
    while not all(client.asked for client in clients):  # noqa: ASYNC110 -- nothing tells
        await asyncio.sleep(0.002)
    assert len(looks) < 20
    for client in clients:
        beats.end(client)


async def test_a_client_that_fails_keeps_nobody_from_being_asked() -> None:
    class Broken(Client):
        def ask(self) -> None:
            raise OSError

    beats = Heartbeat(interval=0.01, timeout=0.01)
    failures: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: failures.append(context))
    broken, other = Broken(beats), Client(beats)
    beats.begin(broken)
    beats.begin(other)
    await until_empty(beats)
    assert (len(other.asked), len(failures)) == (1, 1)
