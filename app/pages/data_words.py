"""What the data page says of uploads and sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from components.formats import count, day, plural, tenths
from services.file_rows import FileFormat, Preview
from services.models import SourceKind
from services.source_removal import Removed
from services.sources import SourceInfo
from services.upload_status import UploadState, UploadStatus

FIELD_WORDS = {
    'customer_id': 'Customer id',
    'churn_score': 'Churn score',
    'predicted_at': 'Scored at',
    'external_id': 'Row id',
    'customer_name': 'Customer name',
    'account_value': 'Account value',
    'reasons': 'Reasons',
    'status': 'Status',
}
"""Our fields as people read them."""

FIELD_HELP = {
    'customer_id': 'Needed. The same customer has the same id in every file.',
    'churn_score': 'Needed. A number from 0 to 1: 0.82 stands for 82 %.',
    'predicted_at': 'When the score was made, with its offset: 2026-11-23T08:00:00+01:00. Left out: now.',
    'external_id': 'Your own id of the row. A row with the same id, sent later, corrects it.',
    'customer_name': 'Shown beside the id.',
    'account_value': 'What the account is worth, without currency: 1250.50.',
    'reasons': 'What drives the score: +Logins down|-Annual contract.',
    'status': 'completed, pending or failed. Left out: completed.',
}

FORMATS = {FileFormat.CSV: 'CSV', FileFormat.PARQUET: 'Parquet'}
UNITS = ('bytes', 'KB', 'MB', 'GB', 'TB')


class Question(NamedTuple):
    """What is asked before a source is taken out."""

    title: str
    text: str
    action: str


def listed(words: Sequence[str]) -> str:
    """a, b and c."""
    return ' and '.join(filter(None, (', '.join(words[:-1]), words[-1])))


def size(number: int) -> str:
    """Bytes, in the unit that leaves few digits."""
    power = min((len(str(number)) - 1) // 3, len(UNITS) - 1)
    return f'{tenths(number / 1000**power)} {UNITS[power]}' if power else plural(number, 'byte', 'bytes')


def file_words(status: UploadStatus, preview: Preview) -> str:
    kind = FORMATS[preview.format] + (', compressed' if preview.compressed else '')
    return f'{kind} · {size(status.bytes)} · {plural(len(preview.columns), "column", "columns")}'


def choice_words(columns: int, used: int) -> str:
    """What the chosen columns amount to."""
    ignored = columns - used
    if not ignored:
        return 'All columns are used.' if columns > 1 else 'The column is used.'
    return f'{plural(used, "column is", "columns are")} used, {count(ignored)} ignored.'


def progress_words(status: UploadStatus) -> str:
    if status.state is UploadState.STORING:
        words = f'Storing: {count(status.stored)} of {plural(status.rows - status.rejected, "row", "rows")}'
    else:
        words = f'Checking: {plural(status.rows, "row", "rows")} read'
    return f'{words}, {count(status.rejected)} rejected' if status.rejected else words


def good_rows_words(status: UploadStatus) -> str:
    """Empty when no row is bad, or none is good."""
    good = status.rows - status.rejected
    return f'Take the {plural(good, "good row", "good rows")} only' if status.rejected and good > 0 else ''


def source_name(source: SourceInfo) -> str:
    names = {SourceKind.API: 'Sent by programs', SourceKind.SAMPLE: 'Sample data'}
    return names.get(source.kind, source.name)


def undo_question(source: SourceInfo, zone: ZoneInfo) -> Question:
    """:param zone: the reader's."""
    predictions = plural(source.accepted, 'prediction', 'predictions')
    if source.kind is SourceKind.SAMPLE:
        return Question(
            'Remove the sample data?',
            'All made-up customers disappear from the board. Your own predictions stay as they are.',
            'Remove',
        )
    if source.kind is SourceKind.API:
        return Question(
            'Remove everything the API sent?',
            f'This is not one call but all of them, since the first on '
            f'{day(source.created_at.astimezone(zone))}: it removes '
            f'{predictions}.{_restored(source)} They come back only if your programs send them again.',
            f'Remove all {count(source.accepted)}',
        )
    if not source.accepted and not source.corrected:
        return Question(f'Undo {source.name}?', 'It brought nothing new, so that no number changes.', 'Undo')
    removes = (
        f'This removes its {predictions}.' if source.accepted else 'It added nothing, but corrected what was there.'
    )
    return Question(f'Undo {source.name}?', f'{removes}{_restored(source)} You can bring the file in again.', 'Undo')


def undone_words(name: str, removed: Removed) -> str:
    predictions = plural(removed.deleted, 'prediction', 'predictions') if removed.deleted else 'no predictions'
    words = f'{name} is undone: {predictions} removed'
    if removed.restored:
        words += f', {plural(removed.restored, "earlier value is", "earlier values are")} back'
    return f'{words}.'


def _restored(source: SourceInfo) -> str:
    if not source.corrected:
        return ''
    if source.corrected == 1:
        return ' The earlier value it corrected comes back.'
    return f' The {count(source.corrected)} earlier values it corrected come back.'
