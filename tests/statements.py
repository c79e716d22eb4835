"""What sources said of predictions, in plain Python: written from the definitions, it shares no code with services."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

STATED = ('customer_id', 'score', 'customer_name', 'account_value', 'reasons', 'status')


@dataclass
class Said:
    """One prediction: the statements of one source after another, the present one last."""

    arrival: int
    external_id: str | None
    statements: list[tuple[int, dict[str, Any]]]
    repeated: list[tuple[int, int]] = field(default_factory=list)
    """(who repeats it, the source it repeats)."""

    @property
    def now(self) -> dict[str, Any]:
        return self.statements[-1][1]

    @property
    def source(self) -> int:
        return self.statements[-1][0]


class Statements:
    """The predictions of one user. Sources of the same name know each other's rows."""

    def __init__(self) -> None:
        self.said: list[Said] = []
        self._names: dict[int, str] = {}
        self._arrivals = 0

    def take(self, source: int, name: str, rows: Iterable[Any], *, now: int) -> None:
        self._names[source] = name
        for row in rows:
            self._take(source, name, row, now)

    def undo(self, source: int) -> None:
        for said in self.said:
            heirs = sorted(who for who, of in said.repeated if of == source)
            said.repeated = [(who, of) for who, of in said.repeated if source not in (who, of)]
            if heirs:
                said.repeated += [(who, heirs[0]) for who in heirs[1:]]
                said.statements = [(heirs[0] if of == source else of, values) for of, values in said.statements]
            said.statements = [(of, values) for of, values in said.statements if of != source]
        self.said = [said for said in self.said if said.statements]

    def remove_customer(self, customer: str) -> None:
        self.said = [said for said in self.said if said.now['customer_id'] != customer]
        for said in self.said:
            said.statements = [each for each in said.statements if each[1]['customer_id'] != customer]

    def rows(self) -> list[tuple[Any, ...]]:
        """(arrival, customer, predicted_at, score, external id) of what there is."""
        return sorted(
            (said.arrival, said.now['customer_id'], said.now['predicted_at'], said.now['score'], said.external_id)
            for said in self.said
        )

    def known(self, name: str) -> dict[str, Any]:
        """The newest stated name or value of each customer."""
        newest = sorted(self.said, key=lambda said: (said.now['predicted_at'], said.arrival))
        return {said.now['customer_id']: said.now[name] for said in newest if said.now[name] is not None}

    def _take(self, source: int, name: str, row: Any, now: int) -> None:
        values = {key: getattr(row, key) for key in STATED}
        earlier = next((each for each in self.said if row.external_id and each.external_id == row.external_id), None)
        if earlier:
            self._correct(earlier, source, row, values)
        elif equal := self._equal(name, row):
            self._repeat(equal, source)
        else:
            self._arrivals += 1
            at = now if row.predicted_at is None else row.predicted_at
            stated = {**values, 'predicted_at': at, 'timed': row.predicted_at is not None}
            self.said.append(Said(self._arrivals, row.external_id, [(source, stated)]))

    def _correct(self, earlier: Said, source: int, row: Any, values: dict[str, Any]) -> None:
        kept = {key: earlier.now[key] for key in ('predicted_at', 'timed')}
        stated = values | (kept if row.predicted_at is None else {'predicted_at': row.predicted_at, 'timed': True})
        if stated == earlier.now:
            self._repeat(earlier, source)
        elif earlier.source == source:
            earlier.statements[-1] = (source, stated)
        else:
            earlier.statements.append((source, stated))

    def _equal(self, name: str, row: Any) -> Said | None:
        key = (row.customer_id, row.predicted_at, row.score)
        return next(
            (
                said
                for said in self.said
                if said.now['timed']
                and self._names[said.source] == name
                and (said.now['customer_id'], said.now['predicted_at'], said.now['score']) == key
            ),
            None,
        )

    @staticmethod
    def _repeat(said: Said, source: int) -> None:
        if said.source != source and (source, said.source) not in said.repeated:
            said.repeated.append((source, said.source))
