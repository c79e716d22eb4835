"""``import FILE... --user EMAIL``: predictions from CSV and Parquet files, each taken in wholly or not at all."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands.context import DONE, FAILED, command, opened, tell
from app.commands.progress import Progress
from app.settings import Settings
from services.clock import system_clock
from services.errors import InvalidRequest

if TYPE_CHECKING:
    from services.file_rows import RowFile
    from services.prediction_rows import RowError
    from services.predictions import Ingest, IngestResult

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

INTERRUPTED = 130
SHOWN_ERRORS = 20


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser('import', help='take in predictions from CSV and Parquet files')
    parser.add_argument('files', nargs='+', type=Path, metavar='FILE', help='CSV, CSV compressed with gzip, or Parquet')
    parser.add_argument('--user', required=True, metavar='EMAIL', help='whose predictions they are')
    parser.add_argument(
        '--map',
        action='append',
        default=[],
        type=_pair,
        metavar='THEIRS=OURS',
        help='the column THEIRS of the files is our column OURS; may be given several times',
    )
    parser.add_argument('--skip-bad-rows', action='store_true', help='take the good rows of a file that has bad ones')
    parser.set_defaults(run=run)


@command
def run(args: argparse.Namespace, settings: Settings) -> int:
    from services import users
    from services.predictions import Ingest

    _check_files(args.files)
    with opened(settings) as database:
        with database.reading() as session:
            user_id = users.find(session, args.user).id
        assert user_id is not None  # it was just read
        ingest = Ingest(database, clock=system_clock, bands=settings.bands)
        importer = _Importer(ingest, user_id, mapping=dict(args.map), skip_bad_rows=args.skip_bad_rows)
        return importer.take_all(args.files)


class _Importer:
    """One call of the command: the same user and options for every file."""

    def __init__(self, ingest: Ingest, user_id: int, *, mapping: Mapping[str, str], skip_bad_rows: bool) -> None:
        self._ingest = ingest
        self._user_id = user_id
        self._mapping = mapping
        self._skip_bad_rows = skip_bad_rows

    def take_all(self, paths: Sequence[Path]) -> int:
        taken = 0
        for path in paths:
            try:
                taken += self._take(path)
            except KeyboardInterrupt:
                tell(f'{path}: stopped; nothing of this file was taken.')
                return INTERRUPTED
        if taken < len(paths) > 1:
            tell(f'{taken} of {len(paths)} files were taken.')
        return DONE if taken == len(paths) else FAILED

    def _take(self, path: Path) -> bool:
        """Take one file in and say what became of it."""
        from services.csv_header import MissingColumns
        from services.file_rows import read_rows

        try:
            with path.open('rb') as stream:
                file = read_rows(stream, now=system_clock(), mapping=self._mapping)
                result, taken = self._ingested(path, file)
        except MissingColumns as error:
            options = ' '.join(f'--map "{pair}"' for pair in error.pairs)
            tell(f'{path}: nothing was taken. {error} Add {options}')
            return False
        except (InvalidRequest, OSError) as error:
            tell(f'{path}: nothing was taken. {error}')
            return False
        _tell_errors(path, result)
        tell(f'{path}: {_summary(result) if taken else _refusal(result)}{_unused(file.ignored)}')
        return taken

    def _ingested(self, path: Path, file: RowFile) -> tuple[IngestResult, bool]:
        from services.models import SourceKind
        from services.predictions import InvalidRows

        progress = Progress(path.name, sys.stderr)
        try:
            result = self._ingest.take(
                self._user_id,
                file,
                kind=SourceKind.FILE,
                name=path.name,
                skip_bad_rows=self._skip_bad_rows,
                progress=progress.read,
                stored=progress.stored,
            )
        except InvalidRows as error:
            return error.result, False
        finally:
            progress.clear()
        return result, True


def _pair(text: str) -> tuple[str, str]:
    from services.prediction_rows import FIELDS

    theirs, separator, ours = text.rpartition('=')
    if not separator or not theirs.strip() or ours.strip().casefold() not in FIELDS:
        raise argparse.ArgumentTypeError(f'"{text}": write THEIRS=OURS, where OURS is one of {", ".join(FIELDS)}')
    return theirs, ours


def _check_files(paths: Sequence[Path]) -> None:
    """:raises InvalidRequest: a file cannot be read; found before anything is taken in."""
    for path in paths:
        try:
            with path.open('rb'):
                pass
        except OSError as error:
            raise InvalidRequest(f'{path}: {error.strerror or error}.') from error


def _tell_errors(path: Path, result: IngestResult) -> None:
    for error in result.errors[:SHOWN_ERRORS]:
        tell(f'{path}:{error.line}: {_where(error)}: {error.reason}')
    if result.rejected > SHOWN_ERRORS:
        tell(f'{path}: ... and {result.rejected - SHOWN_ERRORS:,} more')


def _where(error: RowError) -> str:
    return f'{error.column} {error.value}'.rstrip()


def _summary(result: IngestResult) -> str:
    return (
        f'{_rows(result.accepted)} taken, {result.corrected:,} corrected, '
        f'{result.duplicates:,} duplicates, {result.rejected:,} rejected.'
    )


def _refusal(result: IngestResult) -> str:
    return f'nothing was taken, {_rows(result.rejected)} rejected. Correct the file, or add --skip-bad-rows.'


def _rows(count: int) -> str:
    return f'{count:,} row{"" if count == 1 else "s"}'


def _unused(ignored: Sequence[str]) -> str:
    return f' Unused columns: {", ".join(ignored)}.' if ignored else ''
