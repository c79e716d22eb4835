"""What the drivers say when the database does not answer, in words for whoever waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from services.errors import Unavailable

SILENT = 'The database does not answer at the moment.'
FULL = 'There is no room left on the disk of the database. Nothing was changed: make room, and try again.'
UNKNOWN = 'The database did not answer in time. Whether the change was made is not known: look before you try again.'


@contextmanager
def translated_failures(silent: str) -> Iterator[None]:
    """:raises Unavailable: with ``silent``, unless the failure says more."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        raise Unavailable(FULL if _is_full(error) else silent, retry_after=5) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable('The connection to the database was lost. Try again.', retry_after=5) from error
        raise


def _is_full(error: Exception) -> bool:
    """Whether the disk of the database is full, in the drivers' own words."""
    cause = str(error.orig) if isinstance(error, DBAPIError) else ''
    return 'disk is full' in cause or 'No space left on device' in cause
