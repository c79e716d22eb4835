"""Lists of rows that one statement reads, as JSON: one message to the database instead of one for each list.

All of it is of one state of the database, without a transaction around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

LIST = {
    'sqlite': '(SELECT json_group_array(json(line)) FROM (SELECT json_array({columns}) AS line {source}))',
    'postgresql': '(SELECT json_agg(line) FROM (SELECT json_build_array({columns}) AS line {source}) AS lines)',
}
"""One of them; of no rows it is empty, or null."""


class RowList(NamedTuple):
    """What ``SELECT columns source`` reads, in the words of the database."""

    columns: str
    source: str
    """From ``FROM`` on."""

    @property
    def statement(self) -> str:
        """That statement."""
        return f'SELECT {self.columns} {self.source}'


def listing(lists: Sequence[RowList], dialect: str) -> str:
    """The statement that reads these lists; :func:`listed` takes what it answers."""
    columns = [LIST[dialect].format(columns=each.columns, source=each.source) for each in lists]
    # as text: the driver's own reading of JSON takes ten times as long
    return 'SELECT ' + ', '.join(f'CAST({column} AS text)' for column in columns)


def listed(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """The lists, in the order they were asked for; each is of lists."""
    (lists,) = rows
    return [orjson.loads(each) if each else [] for each in lists]
