"""Merging rows into what is there: new, a correction of an earlier row, or a duplicate that changes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, insert, select, update
from sqlmodel import Session, col

from services.customers import note_customers, rebuild_customers
from services.models import Correction, Prediction, Source
from services.prediction_rows import PredictionRow
from services.repetitions import note_repetitions
from services.rollups import Rollups

STATED = ('customer_id', 'score', 'status', 'customer_name', 'account_value', 'reasons')
KEPT = (*STATED, 'source_id', 'predicted_at', 'timed')
OUR_NOTES = ('before', 'ours')
"""What we keep beside a row's columns: its values before this batch, and whether its source has this one's name."""

Values = dict[str, Any]
SameRow = tuple[str, int, int]
"""Customer, predicted_at, score: what makes two rows of one source the same."""

Same = defaultdict[SameRow, dict[int, int]]
"""The equal rows there are: arrival -> source. More than one, where a correction made a row equal to another."""


class Merge:
    """One source's rows on their way in, within one transaction that holds the user's revision row.

    Rows count in their order: a later row with the same ``external_id`` corrects an earlier one of the same file too.
    """

    def __init__(self, session: Session, source: Source, rollups: Rollups, *, arrivals: int, now: int) -> None:
        self.accepted = self.corrected = self.duplicates = 0
        self.arrivals = arrivals
        self._session = session
        self._source = source
        self._rollups = rollups
        self._user_id = source.user_id
        self._now = now
        self._corrected_customers: set[str] = set()
        self._repeated: set[tuple[int, int]] = set()

    def take(self, batches: Iterable[Sequence[PredictionRow]], *, told: Callable[[int], None] | None = None) -> None:
        """Merge all rows.

        :param told: called with the number of rows merged so far.
        """
        rows = 0
        for batch in batches:
            self._add(batch)
            rows += len(batch)
            if told:
                told(rows)
        self._finish()

    def _add(self, rows: Sequence[PredictionRow]) -> None:
        """Merge one batch."""
        before = self.arrivals
        external = self._by_external_id(rows)
        same = self._same_rows(rows)
        new: list[Values] = []
        changed: dict[int, Values] = {}
        for row in rows:
            earlier = external.get(row.external_id) if row.external_id else None
            if earlier is not None:
                self._correct(row, earlier, changed, same)
            elif row.predicted_at is not None and (equal := same[row.customer_id, row.predicted_at, row.score]):
                self._repeat(*min(equal.items()))
            else:
                values = self._insertion(row)
                new.append(values)
                _follow(same, values)
                if row.external_id:
                    external[row.external_id] = values
        if new:
            self._session.connection().execute(insert(Prediction), [_columns(values) for values in new])
            note_customers(self._session, self._user_id, new)
            for values in new:
                self._rollups.add(values['customer_id'], values['predicted_at'], values['score'])
        # rows that this batch itself brings were inserted with the correction in them
        self._write_corrections([values for arrival, values in changed.items() if arrival <= before])

    def _finish(self) -> None:
        """Settle what corrections may have changed of their customers; note which rows this source has, too."""
        rebuild_customers(self._session, self._user_id, self._corrected_customers)
        note_repetitions(self._session, self._user_id, self._source.id, self._repeated)

    def _repeat(self, arrival: int, source_id: int) -> None:
        """A row is there already: it changes nothing, but it stays if the source that brought it is undone."""
        self.duplicates += 1
        if source_id != self._source.id:
            self._repeated.add((arrival, source_id))

    def _insertion(self, row: PredictionRow) -> Values:
        self.accepted += 1
        self.arrivals += 1
        return {
            'user_id': self._user_id,
            'arrival': self.arrivals,
            'source_id': self._source.id,
            'customer_id': row.customer_id,
            'score': row.score,
            'predicted_at': self._now if row.predicted_at is None else row.predicted_at,
            'timed': row.predicted_at is not None,
            'committed_at': self._now,
            'external_id': row.external_id,
            'status': row.status,
            'customer_name': row.customer_name,
            'account_value': row.account_value,
            'reasons': row.reasons,
            'ours': True,
        }

    def _correct(self, row: PredictionRow, earlier: Values, changed: dict[int, Values], same: Same) -> None:
        """Give an earlier row the values of this one. Without a time of its own it keeps the earlier row's."""
        stated = {key: getattr(row, key) for key in STATED}
        if row.predicted_at is not None:
            stated |= {'predicted_at': row.predicted_at, 'timed': True}
        if all(earlier[key] == value for key, value in stated.items()):
            self._repeat(earlier['arrival'], earlier['source_id'])
            return
        self.corrected += 1
        self._corrected_customers |= {earlier['customer_id'], row.customer_id}
        earlier.setdefault('before', {key: earlier[key] for key in KEPT})
        _forget(same, earlier)
        earlier.update(stated, source_id=self._source.id, ours=True)
        _follow(same, earlier)
        changed[earlier['arrival']] = earlier

    def _by_external_id(self, rows: Sequence[PredictionRow]) -> dict[str, Values]:
        ids = {row.external_id for row in rows if row.external_id}
        if not ids:
            return {}
        columns = [col(getattr(Prediction, key)) for key in ('arrival', 'external_id', *KEPT)]
        found = self._session.execute(
            select(*columns, self._ours().label('ours')).where(
                col(Prediction.user_id) == self._user_id, col(Prediction.external_id).in_(ids)
            )
        ).mappings()
        return {values['external_id']: dict(values) for values in found}

    def _same_rows(self, rows: Sequence[PredictionRow]) -> Same:
        """The rows that the sources of this name have among the customers and times of this batch."""
        same: Same = defaultdict(dict)
        times = [row.predicted_at for row in rows if row.predicted_at is not None]
        if not times:
            return same
        found = self._session.execute(
            select(
                col(Prediction.customer_id),
                col(Prediction.predicted_at),
                col(Prediction.score),
                col(Prediction.arrival),
                col(Prediction.source_id),
            ).where(
                col(Prediction.user_id) == self._user_id,
                col(Prediction.customer_id).in_({row.customer_id for row in rows}),
                col(Prediction.predicted_at).between(min(times), max(times)),
                col(Prediction.timed),
                self._ours(),
            )
        )
        for customer, at, score, arrival, source_id in found:
            same[customer, at, score][arrival] = source_id
        return same

    def _ours(self) -> ColumnElement[bool]:
        """Whether a prediction's source has this one's kind and name."""
        return col(Prediction.source_id).in_(
            select(col(Source.id)).where(
                col(Source.user_id) == self._user_id,
                col(Source.kind) == self._source.kind,
                col(Source.name) == self._source.name,
            )
        )

    def _write_corrections(self, changed: list[Values]) -> None:
        if not changed:
            return
        for row in changed:
            before = row['before']
            self._rollups.remove(before['customer_id'], before['predicted_at'], before['score'])
            self._rollups.add(row['customer_id'], row['predicted_at'], row['score'])
        self._keep_earlier_values([row for row in changed if row['before']['source_id'] != self._source.id])
        key = (col(Prediction.user_id) == self._user_id, col(Prediction.arrival) == bindparam('of'))
        self._session.connection().execute(
            update(Prediction).where(*key).values({name: bindparam(f'to_{name}') for name in KEPT}),
            [{'of': row['arrival'], **{f'to_{name}': row[name] for name in KEPT}} for row in changed],
        )

    def _keep_earlier_values(self, changed: list[Values]) -> None:
        """Undoing a source needs what it took the place of; within one source nothing is ever undone by halves."""
        if not changed:
            return
        numbers = self._session.execute(
            select(col(Correction.arrival), func.max(col(Correction.number)))
            .where(
                col(Correction.user_id) == self._user_id,
                col(Correction.arrival).in_([row['arrival'] for row in changed]),
            )
            .group_by(col(Correction.arrival))
        )
        last = {arrival: number for arrival, number in numbers}
        self._session.execute(
            insert(Correction),
            [
                {
                    'user_id': self._user_id,
                    'arrival': row['arrival'],
                    'number': last.get(row['arrival'], 0) + 1,
                    'corrected_by': self._source.id,
                    **row['before'],
                }
                for row in changed
            ],
        )


def _follow(same: Same, values: Values) -> None:
    """A row came, or has new values. One without a time, or of another source, has no equals here."""
    if values['timed'] and values['ours']:
        same[_key(values)][values['arrival']] = values['source_id']


def _forget(same: Same, values: Values) -> None:
    """A row is about to change."""
    if values['timed'] and values['ours']:
        same[_key(values)].pop(values['arrival'], None)


def _key(values: Values) -> SameRow:
    return values['customer_id'], values['predicted_at'], values['score']


def _columns(values: Values) -> Values:
    return {key: value for key, value in values.items() if key not in OUR_NOTES}
