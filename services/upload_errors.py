"""The rejected rows of an upload as a file, for whoever has to correct them."""

from __future__ import annotations

import csv
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from services.formula_guard import guarded
from services.prediction_rows import RowError
from services.upload_files import private

COLUMNS = ('line', 'column', 'value', 'reason')
MAX_LISTED = 100_000


class RejectedRows:
    """Writes a CSV file of the rows given to it; none at all where there are none."""

    def __init__(self, path: Path) -> None:
        self.rows = 0
        self._path = path
        self._file = ExitStack()
        self._writer: Any = None

    def __enter__(self) -> Self:
        self._path.unlink(missing_ok=True)  # of an earlier reading
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._file:
            if self.rows > MAX_LISTED:
                more = self.rows - MAX_LISTED
                self._writer.writerow(('', '', '', f'... and {more:,} more {"row" if more == 1 else "rows"}'))

    def add(self, row: RowError) -> None:
        if self._writer is None:
            file = open(self._path, 'w', opener=private, encoding='utf-8', newline='')  # noqa: SIM115 -- closed by __exit__
            self._writer = csv.writer(self._file.enter_context(file))
            self._writer.writerow(COLUMNS)
        self.rows += 1
        if self.rows <= MAX_LISTED:
            self._writer.writerow((row.line, guarded(row.column), guarded(row.value), guarded(row.reason)))
