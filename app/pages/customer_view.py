"""The elements of a customer's page, and how they show what they are given. Asks nothing of any service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from app.pages.customer_desk import CustomerDesk
from app.pages.customer_words import answer, finding, question, sentence, snooze_words
from components.customer_head import CustomerHead, HeadFacts
from components.element_state import set_class
from components.history_chart import HistoryChart
from components.light_element import LightElement
from components.missing_customer import MissingCustomer
from components.notes import NoteItem, Notes
from components.scorings import Scoring, Scorings
from services.customer_records import LONGEST_SNOOZE
from services.scores import RiskBands, from_millionths

PROPOSED_DAYS = 7
AT_ONCE = 25
"""Rows that are built in one go."""


class CustomerView:
    """Everything below the header of the page."""

    def __init__(
        self, customer_id: str, desk: CustomerDesk, *, bands: RiskBands, most: int, on_more: Callable[[], Any]
    ) -> None:
        """:param most: scores that are shown at most."""
        self._bands = bands
        self._most = most
        self._root = LightElement('div', 'customer-body loading')
        with self._root:
            self._missing = MissingCustomer(customer_id)
            self._head = CustomerHead(
                on_owner=lambda form, typed: desk.set_owner(self._head.owner, form, typed),
                on_snooze=lambda form, typed: desk.snooze(self._head.snooze, form, typed),
                on_wake=desk.wake,
            )
            with LightElement('div', 'customer-parts'):
                self._chart = HistoryChart()
                self._notes = Notes(desk.notes)
                self._scorings = Scorings(on_more=on_more)
        desk.close_editor = self._notes.close_editor

    def show(self, detail: Mapping[str, Any], scorings: Sequence[Scoring], *, today: date) -> None:
        """:param detail: the keys of ``CustomerDetail``.

        :param scorings: newest first, never none.
        """
        self._show_parts(missing=False)
        total = detail['predictions']
        more = len(scorings) < total
        self._head.show(_facts(detail, scorings, today))
        self._chart.show_history(
            scorings,
            medium=from_millionths(self._bands.medium),
            high=from_millionths(self._bands.high),
            finding=finding(scorings, more=more),
            sentence=sentence(scorings, total=total),
        )
        self._scorings.show_extent(len(scorings), total=total, most=self._most)
        self._notes.show(note_items(detail['notes']))

    async def show_rows(self, scorings: Sequence[Scoring], *, wanted: Callable[[], bool]) -> None:
        """A row for each score: new ones some at a time, since the server does nothing else meanwhile.

        :param wanted: whether they still are, asked before each time.
        """
        sizes = [*range(self._scorings.count + AT_ONCE, len(scorings), AT_ONCE), len(scorings)]
        for size in sizes:
            if not wanted():
                return
            self._scorings.show_rows(scorings[:size])
            if size < len(scorings):
                await asyncio.sleep(0)

    def show_missing(self, notes: Sequence[Mapping[str, Any]]) -> None:
        """There is no such customer; what was once written about it is."""
        self._show_parts(missing=True)
        self._missing.show(notes=len(notes))
        self._notes.show(note_items(notes), may_add=False)
        self._notes.set_visibility(bool(notes))

    def _show_parts(self, *, missing: bool) -> None:
        set_class(self._root, 'loading', on=False)
        set_class(self._root, 'missing', on=missing)
        self._missing.set_visibility(missing)
        for part in (self._head, self._chart, self._scorings):
            part.set_visibility(not missing)
        if not missing:
            self._notes.set_visibility(True)


def note_items(notes: Sequence[Mapping[str, Any]]) -> list[NoteItem]:
    return [
        NoteItem(id=note['id'], text=note['text'], written_at=note['written_at'], edited_at=note.get('edited_at'))
        for note in notes
    ]


def _facts(detail: Mapping[str, Any], scorings: Sequence[Scoring], today: date) -> HeadFacts:
    return HeadFacts(
        customer_id=detail['customer_id'],
        name=detail.get('customer_name'),
        latest=scorings[0],
        question=question(scorings[0]),
        answer=answer(scorings),
        account_value=detail.get('account_value'),
        owner=detail.get('owner'),
        snooze=snooze_words(detail),
        snooze_reason=detail.get('snooze_reason', ''),
        first_day=(today + timedelta(days=1)).isoformat(),
        last_day=(today + timedelta(days=LONGEST_SNOOZE)).isoformat(),
        proposed_day=detail.get('snoozed_until') or (today + timedelta(days=PROPOSED_DAYS)).isoformat(),
    )
