"""What the commands share: an open database, and failures told in one line."""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.settings import Settings, SettingsError
from services.database import Database
from services.errors import ChurnboardError, InvalidRequest, NotFound

DONE, FAILED, WRONG_CALL = 0, 1, 2

Run = Callable[[argparse.Namespace, Settings], int]


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """The database with its tables up to date, closed at the end.

    :raises SettingsError: the data folder cannot be used.
    :raises ChurnboardError: the database cannot be used.
    """
    from services import migrations

    try:
        database = Database.open(settings.database)
    except OSError as error:
        raise SettingsError(
            f'CHURNBOARD_DATA_DIR: the folder {settings.data_dir} cannot be used: {error.strerror}'
        ) from error
    try:
        migrations.prepare(database)
        yield database
    finally:
        database.close()


def command(run: Run) -> Run:
    """Tell a failure in one line on standard error and by the exit code, never by a traceback."""

    @functools.wraps(run)
    def telling(args: argparse.Namespace, settings: Settings) -> int:
        try:
            return run(args, settings)
        except (SettingsError, InvalidRequest, NotFound) as error:
            tell(str(error))
            return WRONG_CALL
        except ChurnboardError as error:
            tell(error.message)
            return FAILED
        except KeyboardInterrupt:
            tell('Stopped.')
            return FAILED

    return telling


def tell(message: str) -> None:
    """Say something to the person at the terminal."""
    sys.stderr.write(f'{message}\n')


def put(result: str) -> None:
    """Write a line of the command's result, for people and pipes alike."""
    sys.stdout.write(f'{result}\n')
