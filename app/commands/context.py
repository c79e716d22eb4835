"""What the commands share: an open database, and failures told in one line."""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.settings import Settings, SettingsError
from services.database import Database
from services.errors import ChurnboardError, InvalidRequest, NotFound, Unavailable

DONE, FAILED, WRONG_CALL = 0, 1, 2

Run = Callable[[argparse.Namespace, Settings], int]


@contextmanager
def opened(settings: Settings, *, prepare: Callable[[Database], None] | None = None) -> Iterator[Database]:
    """The database with its tables up to date, closed at the end.

    :param prepare: what makes the tables usable; by default what every command but ``db upgrade`` does.
    :raises SettingsError: the data folder or the database cannot be used.
    :raises Unavailable: the tables are not up to date, and this command may not change that.
    """
    from services import migrations

    with _told_plainly(settings):
        database = Database.open(settings.database)
    try:
        with _told_plainly(settings):
            (prepare or migrations.prepare)(database)
        yield database
    finally:
        database.close()


@contextmanager
def _told_plainly(settings: Settings) -> Iterator[None]:
    """What keeps a database from being opened, as a sentence about the setting that names it."""
    try:
        yield
    except OSError as error:
        where = f'DATA_DIR: the folder {settings.data_dir}' if settings.embedded else 'DATABASE_URL: the file'
        raise SettingsError(f'CHURNBOARD_{where} cannot be used: {error.strerror}') from error
    except Unavailable as error:
        if not isinstance(error.__cause__, DBAPIError):
            raise
        raise SettingsError(_unusable(settings, error.__cause__)) from error
    except (SQLAlchemyError, TypeError, ValueError) as error:
        raise SettingsError(_unusable(settings, error)) from error
    except Exception as error:
        if not _is_of_a_newer_version(error):
            raise
        raise SettingsError(f'{_which(settings)} was made by a newer version of Churnboard: use that one.') from error


def _is_of_a_newer_version(error: Exception) -> bool:
    """Whether Alembic met a revision it does not know."""
    from alembic.util import CommandError

    return isinstance(error, CommandError)


def _unusable(settings: Settings, error: Exception) -> str:
    """The driver's own words: they name the host and the cause."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    text = ' '.join(str(cause).split())
    password = make_url(settings.database).password
    if password:
        text = text.replace(str(password), '***')
    return f'{_which(settings)} cannot be used: {text}'


def _which(settings: Settings) -> str:
    if settings.embedded:
        return f'CHURNBOARD_DATA_DIR: the database {settings.data_dir / "churnboard.sqlite3"}'
    return 'CHURNBOARD_DATABASE_URL: the database'


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
