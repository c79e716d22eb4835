"""What can be known of an upload: how far it is, and in the end what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.errors import InvalidRequest

MAX_NAME = 200


class UploadState(StrEnum):
    READY = 'ready'
    """All of it is here, and nothing was done with it."""
    CHECKING = 'checking'
    """Its rows are being read, or it waits for its turn."""
    STORING = 'storing'
    DONE = 'done'
    FAILED = 'failed'
    """Nothing was taken; it can be started again as long as its file is kept."""


RUNNING = (UploadState.CHECKING, UploadState.STORING)


@dataclass(frozen=True, kw_only=True)
class UploadStatus:
    """An upload at one moment."""

    id: str
    """Never digits alone: those name sources."""
    name: str
    state: UploadState
    bytes: int
    rows: int = 0
    """Read so far."""
    stored: int = 0
    """In the transaction so far; they are taken when it is done."""
    rejected: int = 0
    accepted: int = 0
    corrected: int = 0
    duplicates: int = 0
    message: str = ''
    """What happened in one sentence, for a person; empty while there is nothing to say."""
    source_id: int | None = None
    """What to undo, once something was taken."""
    created_at: datetime


def base_name(name: str) -> str:
    """A file's name without folders, and without anything that cannot be seen.

    :raises InvalidRequest: nothing is left, or too much.
    """
    last = name.replace('\\', '/').rpartition('/')[2]
    seen = ''.join(c if c.isprintable() else ' ' * c.isspace() for c in last).strip()
    if seen in ('', '.', '..'):
        raise InvalidRequest('The file needs a name, such as scores.csv.', field='name')
    if len(seen) > MAX_NAME:
        raise InvalidRequest(f'The name of the file has more than {MAX_NAME} characters: shorten it.', field='name')
    return seen
