"""Which column of a file holds which of our fields, as chosen so far. Knows no NiceGUI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.pages.data_words import FIELD_WORDS, listed
from services.prediction_rows import FIELDS, REQUIRED

IGNORED = ''


class MappingChoice:
    """A choice for each column; every field at most once, and those that are needed."""

    def __init__(self, columns: Sequence[str], guessed: Mapping[str, str]) -> None:
        self.columns = tuple(columns)
        self.fields: dict[int, str] = {}
        for index, column in enumerate(self.columns):
            field = guessed.get(column)
            if field in FIELDS and field not in self.fields.values():
                self.fields[index] = field

    def choose(self, index: int, field: object) -> None:
        """Let a column hold a field, or ignore it; what comes from a browser and is neither changes nothing."""
        if field == IGNORED:
            self.fields.pop(index, None)
        elif field in list(FIELDS) and 0 <= index < len(self.columns):
            self.fields[index] = str(field)

    def conflicts(self) -> frozenset[int]:
        """The columns that share a field with another one."""
        taken = list(self.fields.values())
        return frozenset(index for index, field in self.fields.items() if taken.count(field) > 1)

    def problem(self) -> str:
        """What keeps the file from being taken in, in a sentence; empty when nothing does."""
        if shared := self.conflicts():
            field = self.fields[min(shared)]
            names = [f'“{self.columns[index]}”' for index in sorted(shared) if self.fields[index] == field]
            return f'{FIELD_WORDS[field]} is chosen for {listed(names)}: keep one.'
        missing = [f'the {FIELD_WORDS[field].lower()}' for field in REQUIRED if field not in self.fields.values()]
        if missing:
            holds = 'column holds' if len(missing) == 1 else 'columns hold'
            return f'Choose which {holds} {listed(missing)}.'
        return ''

    def mapping(self) -> dict[str, str]:
        """By name, as the file is read: a column that is called like a field holds it, unless that is said."""
        ignored = {column: IGNORED for column in self.columns if column.strip().casefold() in FIELDS}
        return ignored | {self.columns[index]: field for index, field in self.fields.items()}
