"""What a benchmark asks of the machine: cores, and open files."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager

from services.errors import Unavailable

SPARE_FILES = 500


def check_platform(name: str) -> None:
    """:raises Unavailable: what a server used cannot be told here."""
    if not hasattr(os, 'sched_setaffinity'):
        raise Unavailable(f'{name} needs Linux: it reads what a server used from /proc, and gives it a core.')


@contextmanager
def core_of_its_own() -> Iterator[int]:
    """Keep this process and what it starts off one core, where there is more than one."""
    before = os.sched_getaffinity(0)
    first, *others = sorted(before)
    os.sched_setaffinity(0, others or before)
    try:
        yield first
    finally:
        os.sched_setaffinity(0, before)


def allow_files(connections: int, *, instead: str) -> None:
    """
    :param instead: the option by which fewer connections are asked for.
    :raises Unavailable: so many files may not be open.
    """
    needed = connections + SPARE_FILES
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < needed:
        raise Unavailable(
            f'{needed:,} open files are needed, and {most:,} allowed: raise `ulimit -n`, or use {instead}.'
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
