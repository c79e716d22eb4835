"""What people write down about customers: notes, who looks after one, and until when it is snoozed.

It belongs to its user and stays until that user deletes it, or the customer, or the account: no source brings it, and
undoing one takes none of it away.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col, delete

from services.calendar import day_number, day_of, time_zone
from services.clock import Clock, to_micros
from services.customer_tables import CustomerNote, CustomerRecord
from services.database import Database
from services.errors import InvalidRequest, InvalidToken, NotFound
from services.models import Prediction
from services.record_items import record_item
from services.revisions import raise_revision
from services.user_states import user_states
from services.visibility import visible

LONGEST_NOTE = 4_000
LONGEST_OWNER = 100
LONGEST_REASON = 300
MOST_NOTES = 200
"""Of one customer: all of them are shown with it."""
LONGEST_SNOOZE = 366
"""Days."""

NOBODY = 'There is no such customer.'
NO_NOTE = 'There is no such note: it may have been deleted.'
_DAY = re.compile(r'\d{4}-\d{2}-\d{2}', re.ASCII)
_LINE_BREAKS = frozenset('\n\t')


@dataclass(frozen=True, kw_only=True)
class Snooze:
    """Leave a customer out of the list of those at risk."""

    until: date | None
    """The first day on which it is listed again; ``None``: list it at once."""
    reason: str = ''


@dataclass(frozen=True, kw_only=True)
class RecordChange:
    """What is to change; ``None``: it stays as it is."""

    owner: str | None = None
    """Empty: nobody looks after the customer."""
    snooze: Snooze | None = None


def parsed_day(value: object) -> date | None:
    """The day that somebody wrote as ``2026-12-01``; ``None`` for ``None``.

    :raises InvalidRequest: it is none; names ``snoozed_until``.
    """
    if value is None:
        return None
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):  # weeks of a year would be days, too
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise InvalidRequest('Write a day such as 2026-12-01.', field='snoozed_until')


class CustomerRecords:
    """Writes down what people say about their customers. Everything here blocks: run it on a worker thread."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def change(self, user_id: int, customer_id: str, change: RecordChange) -> dict[str, Any]:
        """Set who looks after a customer, snooze it, or both.

        :returns: how it stands then: the keys of ``CustomerRecordData``.
        :raises NotFound: the user has no such customer.
        :raises InvalidRequest: names the field that will not do; nothing was changed.
        """
        owner = None if change.owner is None else _line(change.owner, most=LONGEST_OWNER, field='owner')
        with self._database.writing() as session:
            raise_revision(session, user_id)
            score = _latest_score(session, user_id, customer_id)
            known = session.get(CustomerRecord, (user_id, customer_id))
            record = known or CustomerRecord(user_id=user_id, customer_id=customer_id)
            if owner is not None:
                record.owner = owner or None
            today = self._today(session, user_id)
            if change.snooze:
                _snooze(record, change.snooze, today=today, score=score)
            session.add(record)
        return record_item(record, today=today, latest=score)

    def add_note(self, user_id: int, customer_id: str, text: str) -> CustomerNote:
        """
        :raises NotFound: the user has no such customer.
        :raises InvalidRequest: the text will not do, or there are 200 notes already.
        """
        checked = _note(text)
        with self._database.writing() as session:
            revision = raise_revision(session, user_id)
            _latest_score(session, user_id, customer_id)
            mine = (col(CustomerNote.user_id) == user_id, col(CustomerNote.customer_id) == customer_id)
            if session.execute(select(func.count()).where(*mine)).scalar_one() >= MOST_NOTES:
                raise InvalidRequest(f'There are {MOST_NOTES} notes about this customer already. Delete one first.')
            now = to_micros(self._clock())
            note = CustomerNote(
                user_id=user_id, id=revision, customer_id=customer_id, text=checked, written_at=now, edited_at=None
            )
            session.add(note)
        return note

    def edit_note(self, user_id: int, note_id: int, text: str) -> CustomerNote:
        """
        :raises NotFound: the user has no such note.
        :raises InvalidRequest: the text will not do.
        """
        checked = _note(text)
        with self._database.writing() as session:
            note = _held_note(session, user_id, note_id)
            if note.text != checked:
                note.text, note.edited_at = checked, to_micros(self._clock())
                session.add(note)
        return note

    def delete_note(self, user_id: int, note_id: int) -> CustomerNote:
        """Delete a note for good, and tell what it was.

        :raises NotFound: the user has no such note.
        """
        with self._database.writing() as session:
            note = _held_note(session, user_id, note_id)
            session.delete(note)
        return note

    def _today(self, session: Session, user_id: int) -> date:
        state = user_states(session, [user_id]).get(user_id)
        if state is None:
            raise InvalidToken
        return day_of(self._clock(), time_zone(state.time_zone))


def _snooze(record: CustomerRecord, snooze: Snooze, *, today: date, score: int) -> None:
    reason = _line(snooze.reason, most=LONGEST_REASON, field='snooze_reason')
    if snooze.until is None:
        record.snoozed_until = record.snooze_reason = record.snooze_score = None
        return
    last = today + timedelta(days=LONGEST_SNOOZE)
    if not today < snooze.until <= last:
        raise InvalidRequest(f'Choose a day after today, {today}, and not after {last}.', field='snoozed_until')
    record.snoozed_until, record.snooze_reason = day_number(snooze.until), reason or None
    record.snooze_score = score


def forget_customer(session: Session, user_id: int, customer_id: str) -> int:
    """Delete everything that was written down about a customer; the caller has raised the revision.

    :returns: how much there was.
    """
    return sum(
        session.exec(delete(table).where(col(table.user_id) == user_id, col(table.customer_id) == customer_id)).rowcount
        for table in (CustomerRecord, CustomerNote)
    )


def _latest_score(session: Session, user_id: int, customer_id: str) -> int:
    """In millionths; raises ``NotFound`` of a customer without scores."""
    if '\0' in customer_id:  # PostgreSQL knows no such text
        raise NotFound(NOBODY)
    newest = (col(Prediction.predicted_at).desc(), col(Prediction.arrival).desc())
    latest = select(col(Prediction.score)).where(*visible(user_id), col(Prediction.customer_id) == customer_id)
    score = session.execute(latest.order_by(*newest).limit(1)).scalar_one_or_none()
    if score is None:
        raise NotFound(NOBODY)
    return int(score)


def _held_note(session: Session, user_id: int, note_id: int) -> CustomerNote:
    raise_revision(session, user_id)
    note = session.get(CustomerNote, (user_id, note_id))
    if note is None:
        raise NotFound(NO_NOTE)
    return note


def _note(text: str) -> str:
    checked = '\n'.join(text.splitlines()).strip()
    if not checked:
        raise InvalidRequest('Write something first: the note is empty.', field='text')
    if len(checked) > LONGEST_NOTE:
        raise InvalidRequest(
            f'A note has at most {LONGEST_NOTE:,} characters; this one has {len(checked):,}.', field='text'
        )
    if _has_controls(checked, allowed=_LINE_BREAKS):
        raise InvalidRequest('The note holds characters that are no text.', field='text')
    return checked


def _line(text: str, *, most: int, field: str) -> str:
    checked = text.strip()
    if len(checked) > most:
        raise InvalidRequest(f'At most {most} characters fit here; these are {len(checked):,}.', field=field)
    if _has_controls(checked):
        raise InvalidRequest('Write one line of text.', field=field)
    return checked


def _has_controls(text: str, *, allowed: frozenset[str] = frozenset()) -> bool:
    """Whether there is anything in it that is no text, or that no database keeps; signs that join others are text."""
    return any(unicodedata.category(c) in ('Cc', 'Cs', 'Zl', 'Zp') and c not in allowed for c in text)
