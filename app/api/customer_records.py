"""What people write down about customers, by REST: with a token or from a page, never with a key."""

from collections.abc import Callable, Mapping
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from app.api.identity import current_identity
from app.api.json_body import json_object
from app.api.openapi import CHANGING, described, json_body
from services.auth import Auth
from services.customer_records import NO_NOTE, CustomerRecords, RecordChange, Snooze, parsed_day
from services.customer_schemas import EXAMPLE_NOTE, EXAMPLE_RECORD, RECORD_ASK, CustomerRecordData, NoteAsk, NoteData
from services.database import Database
from services.errors import InvalidRequest, NotFound
from services.hub import LiveHub
from services.identity import Identity
from services.record_items import note_item

T = TypeVar('T')

LONGEST_NUMBER = 18
NOTE_SUCH_AS = '{"text": "Called Ana."}'
CHANGEABLE = ('owner', 'snoozed_until', 'snooze_reason')
RECORD_SUCH_AS = '{"owner": "Maria Lund", "snoozed_until": "2026-12-01"}'
NOTE = json_body(NoteAsk, {'text': EXAMPLE_NOTE['text']})


def create_router(auth: Auth, database: Database, hub: LiveHub, records: CustomerRecords) -> APIRouter:
    """Notes have addresses of their own: a customer's id may end like that of a note of another customer."""
    router = APIRouter(prefix='/api', tags=['customers'])
    Caller = Annotated[Identity, Depends(current_identity(auth))]

    async def write(user_id: int, work: Callable[[], T]) -> T:
        done = await database.run(work, writes=True)
        await hub.notice(user_id)
        return done

    @router.patch(
        '/customers/{customer_id:path}',
        **described(
            'Set owner and snooze',
            CustomerRecordData,
            fails=(*CHANGING, 'not_found'),
            body=json_body(RECORD_ASK, EXAMPLE_RECORD),
        ),
    )
    async def patch_customer(customer_id: str, request: Request, caller: Caller) -> JSONResponse:
        """Say who looks after a customer, or leave it out of the board's list of those at risk until a day.

        A snoozed customer whose latest score is 10 points or more above that at the snoozing is listed all the same.
        """
        change = _change(await json_object(request, *CHANGEABLE, such_as=RECORD_SUCH_AS))
        return _answer(await write(caller.user_id, lambda: records.change(caller.user_id, customer_id, change)))

    @router.post(
        '/customers/{customer_id:path}/notes',
        **described('Add a note', NoteData, fails=(*CHANGING, 'not_found'), body=NOTE, status=201),
    )
    async def post_note(customer_id: str, request: Request, caller: Caller) -> JSONResponse:
        """Write a note about a customer: it stays when the scores go, and goes when the customer is deleted."""
        text = await _text(request)
        note = await write(caller.user_id, lambda: records.add_note(caller.user_id, customer_id, text))
        return _answer(note_item(note), 201)

    @router.patch(
        '/notes/{note_id}',
        **described('Edit a note', NoteData, fails=(*CHANGING, 'not_found'), body=NOTE),
    )
    async def patch_note(note_id: str, request: Request, caller: Caller) -> JSONResponse:
        """Put another text in the place of a note's."""
        number, text = _number(note_id), await _text(request)
        note = await write(caller.user_id, lambda: records.edit_note(caller.user_id, number, text))
        return _answer(note_item(note))

    @router.delete('/notes/{note_id}', **described('Delete a note', NoteData, fails=(*CHANGING, 'not_found')))
    async def delete_note(note_id: str, caller: Caller) -> JSONResponse:
        """Delete a note for good; the answer is what it was."""
        number = _number(note_id)
        note = await write(caller.user_id, lambda: records.delete_note(caller.user_id, number))
        return _answer(note_item(note))

    return router


def _answer(data: object, status: int = 200) -> JSONResponse:
    return JSONResponse({'success': True, 'data': data}, status, {'Cache-Control': 'no-store'})


def _number(note_id: str) -> int:
    if not (note_id.isascii() and note_id.isdigit() and len(note_id) <= LONGEST_NUMBER):
        raise NotFound(NO_NOTE)
    return int(note_id)


async def _text(request: Request) -> str:
    text = (await json_object(request, 'text', such_as=NOTE_SUCH_AS)).get('text')
    if not isinstance(text, str):
        raise InvalidRequest('A text is needed.', field='text')
    return text


def _change(body: Mapping[str, object]) -> RecordChange:
    if not body:
        raise InvalidRequest(f'Say what is to change, such as {RECORD_SUCH_AS}.')
    owner = _words(body, 'owner') if 'owner' in body else None
    if 'snoozed_until' not in body:
        if 'snooze_reason' in body:
            raise InvalidRequest('A reason goes with snoozed_until.', field='snooze_reason')
        return RecordChange(owner=owner)
    snooze = Snooze(until=parsed_day(body['snoozed_until']), reason=_words(body, 'snooze_reason'))
    return RecordChange(owner=owner, snooze=snooze)


def _words(body: Mapping[str, object], key: str) -> str:
    value = body.get(key)
    if value is not None and not isinstance(value, str):
        raise InvalidRequest('Write a text, or null.', field=key)
    return value or ''
