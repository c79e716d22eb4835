"""The table of a benchmark: our figures, the peer's, how they compare, and what is asked of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, kw_only=True)
class Target:
    """What is asked of a figure: not more, or not less, than ``limit``; or of its ratio to the peer's."""

    limit: float
    of_ratio: bool = False
    at_least: bool = False

    def met(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        sign = '>=' if self.at_least else '<='
        return f'{sign} {self.limit:g}{" x" if self.of_ratio else ""}'


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line."""

    name: str
    ours: float | None = None
    peer: float | None = None
    target: Target | None = None

    @property
    def ratio(self) -> float | None:
        return self.ours / self.peer if self.ours is not None and self.peer else None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; ``None``: there is none, or nothing to hold against it."""
        value = self.ratio if self.target and self.target.of_ratio else self.ours
        return None if self.target is None or value is None else self.target.met(value)


@dataclass
class Report:
    """All figures, in the order they are shown."""

    peer: str
    """Whose the other figures are."""
    at: str
    """What the targets are meant for."""
    note: str = ''
    """What is to be told below the table."""
    rows: list[Figure] = field(default_factory=list)

    def add(
        self, name: str, ours: float | None = None, *, peer: float | None = None, target: Target | None = None
    ) -> None:
        self.rows.append(Figure(name=name, ours=ours, peer=peer, target=target))

    def figures(self) -> list[dict[str, object]]:
        """For a file."""
        return [
            {**asdict(row), 'ratio': row.ratio, 'target': str(row.target) if row.target else None, 'met': row.met}
            for row in self.rows
        ]

    def table(self) -> str:
        lines = [['', 'ours', self.peer, 'ratio', f'target at {self.at}', '']]
        lines += [
            [
                row.name,
                _shown(row.ours),
                _shown(row.peer),
                _shown(row.ratio),
                str(row.target or ''),
                {True: 'met', False: 'MISSED', None: ''}[row.met],
            ]
            for row in self.rows
        ]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return '\n'.join([*(_line(line, widths) for line in lines), *([self.note] if self.note else [])])


def _line(cells: list[str], widths: list[int]) -> str:
    first, *others = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
    return '  '.join([first.strip().ljust(widths[0]), *others]).rstrip()


def _shown(value: float | None) -> str:
    if value is None:
        return ''
    return f'{value:,.0f}' if abs(value) >= 100 else f'{value:.3g}'
