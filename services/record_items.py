"""What was written down about customers, as it is sent: absent where there is nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlmodel import Session, col, select

from services.calendar import day_from_number, day_number
from services.clock import micros_rfc3339
from services.customer_tables import CustomerNote, CustomerRecord
from services.snoozes import is_awake


def record_about(session: Session, user_id: int, customer_id: str, *, today: date, latest: int) -> dict[str, Any]:
    """The keys of ``CustomerRecordData`` of a customer.

    :param latest: the latest score, in millionths.
    """
    record = session.get(CustomerRecord, (user_id, customer_id))
    return record_item(record, today=today, latest=latest) if record else {}


def record_item(record: CustomerRecord, *, today: date, latest: int) -> dict[str, Any]:
    """The same of a record that is at hand: a snooze whose day has come is none."""
    item: dict[str, Any] = {'owner': record.owner}
    if record.snoozed_until is not None and record.snoozed_until > day_number(today):
        item['snoozed_until'] = day_from_number(record.snoozed_until).isoformat()
        item['snooze_reason'] = record.snooze_reason
        item['woken_up'] = is_awake(record, latest) or None
    return {key: value for key, value in item.items() if value is not None}


def notes_about(session: Session, user_id: int, customer_id: str) -> list[dict[str, Any]]:
    """All notes about a customer, newest first."""
    mine = select(CustomerNote).where(
        col(CustomerNote.user_id) == user_id, col(CustomerNote.customer_id) == customer_id
    )
    return [note_item(note) for note in session.exec(mine.order_by(col(CustomerNote.id).desc()))]


def note_item(note: CustomerNote) -> dict[str, Any]:
    """The keys of ``NoteData``."""
    item: dict[str, Any] = {
        'id': str(note.id),
        'customer_id': note.customer_id,
        'text': note.text,
        'written_at': micros_rfc3339(note.written_at),
    }
    if note.edited_at is not None:
        item['edited_at'] = micros_rfc3339(note.edited_at)
    return item
