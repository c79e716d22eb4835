"""Which rows a source has, too, though another one brought them: kept as stretches of arrival numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from sqlalchemy import column, delete, insert, or_, select, table
from sqlmodel import Session, col

from services.models import Repetition
from services.temporary_tables import TemporaryTable

HEIRS = TemporaryTable('heirs', 'first BIGINT UNIQUE, last BIGINT, heir BIGINT')
"""Who takes over what an undone source brought: stretches that do not overlap."""

Stretch = tuple[int, int, int]
"""First and last arrival number, and a source."""


def note_repetitions(session: Session, user_id: int, source_id: int, repeated: Collection[tuple[int, int]]) -> None:
    """:param repeated: (arrival, the source that brought it) of each."""
    stretches: list[list[int]] = []
    for arrival, of_source in sorted(repeated):
        if stretches and stretches[-1][1] == arrival - 1 and stretches[-1][2] == of_source:
            stretches[-1][1] = arrival
        else:
            stretches.append([arrival, arrival, of_source])
    _insert(session, user_id, [(source_id, first, last, of_source) for first, last, of_source in stretches])


def settle_heirs(session: Session, user_id: int, source_id: int) -> None:
    """A source is being undone: fill ``heirs``, and let those who repeat it, too, repeat its heirs from now on."""
    mine = col(Repetition.user_id) == user_id
    found = session.execute(
        select(col(Repetition.first), col(Repetition.last), col(Repetition.source_id)).where(
            mine, col(Repetition.of_source) == source_id
        )
    )
    heirs, repeating = _shared_out([(first, last, source) for first, last, source in found])
    session.execute(
        delete(Repetition).where(
            mine, or_(col(Repetition.of_source) == source_id, col(Repetition.source_id) == source_id)
        )
    )
    _insert(session, user_id, repeating)
    if heirs:
        names = ('first', 'last', 'heir')
        session.connection().execute(
            insert(table('heirs', *map(column, names))), [dict(zip(names, heir, strict=True)) for heir in heirs]
        )
    HEIRS.analyze(session)


def _shared_out(stretches: Sequence[Stretch]) -> tuple[list[Stretch], list[tuple[int, int, int, int]]]:
    """Of everything that is repeated the oldest source that repeats it is the heir, and the others repeat that one.

    :returns: the heirs, and (source, first, last, of source) of the others.
    """
    heirs: list[Stretch] = []
    repeating: list[tuple[int, int, int, int]] = []
    for first, last, sources in _pieces(stretches):
        heir, *others = sorted(sources)
        heirs.append((first, last, heir))
        repeating += [(other, first, last, heir) for other in others]
    return heirs, repeating


def _pieces(stretches: Sequence[Stretch]) -> Iterator[tuple[int, int, set[int]]]:
    """Stretches cut where another one begins or ends: the sources are the same throughout each piece."""
    starts: dict[int, list[int]] = {}
    ends: dict[int, list[int]] = {}
    for first, last, source in stretches:
        starts.setdefault(first, []).append(source)
        ends.setdefault(last + 1, []).append(source)
    covering: set[int] = set()
    for at, following in pairwise(sorted(starts.keys() | ends.keys())):
        covering -= set(ends.get(at, ()))
        covering |= set(starts.get(at, ()))
        if covering:
            yield at, following - 1, set(covering)


def _insert(session: Session, user_id: int, rows: Sequence[tuple[int, int, int, int]]) -> None:
    names = ('source_id', 'first', 'last', 'of_source')
    if rows:
        session.connection().execute(
            insert(Repetition), [{'user_id': user_id, **dict(zip(names, row, strict=True))} for row in rows]
        )
