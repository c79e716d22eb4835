"""Threads for work that may hang in a driver for ever, and must not keep the process alive then."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from types import TracebackType
from typing import Any, TypeVar

T = TypeVar('T')

_Job = tuple[Future[Any], Callable[[], Any]]


class Workers:
    """A fixed number of daemon threads, started by the first piece of work.

    ``ThreadPoolExecutor`` would not do: the interpreter waits for its threads at exit, however long they take.
    """

    def __init__(self, count: int, *, name: str) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._threads = [Thread(target=self._work, name=f'{name}-{n}', daemon=True) for n in range(count)]
        self._lock = Lock()
        self._started = False
        self._closed = False

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """:raises RuntimeError: the threads were told to stop."""
        future: Future[T] = Future()

        with self._lock:
            if self._closed:
                raise RuntimeError('these workers were closed')
            if not self._started:
                for thread in self._threads:
                    thread.start()
                self._started = True
        self._jobs.put((future, work))
        return future

    def close(self) -> None:
        """Begin nothing more; what has begun goes on."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        with contextlib.suppress(Empty):
            while job := self._jobs.get_nowait():
                job[0].cancel()
        for _ in self._threads:
            self._jobs.put(None)

    def join(self, *, until: float) -> None:
        """Wait for what has begun, at most until that time of ``time.monotonic``."""
        for thread in self._threads if self._started else ():
            thread.join(max(0.0, until - time.monotonic()))

    def _work(self) -> None:
        while job := self._jobs.get():
            future, work = job
            if future.set_running_or_notify_cancel():
                with _Outcome(future):
                    future.set_result(work())
            del job, future, work  # the next one may be hours away


class _Outcome:
    """Hands whatever is raised inside to the future, whose reader raises it again."""

    def __init__(self, future: Future[Any]) -> None:
        self._future = future

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        if error is not None:
            self._future.set_exception(error)
        return True
