"""The scores that a query means, as few ranges as there can be."""

from __future__ import annotations

from collections.abc import Iterator

from services.query import DashboardQuery
from services.schemas import RiskLevel
from services.scores import ONE, RiskBands

EVERY = ((0, ONE),)


def score_ranges(query: DashboardQuery, bands: RiskBands) -> tuple[tuple[int, int], ...]:
    """In millionths, both ends included, lowest first; none at all where nothing can match."""
    lowest = 0 if query.min_score is None else query.min_score
    highest = ONE if query.max_score is None else query.max_score
    cut = ((max(low, lowest), min(high, highest)) for low, high in _bands(query, bands))
    return tuple((low, high) for low, high in cut if low <= high)


def _bands(query: DashboardQuery, bands: RiskBands) -> Iterator[tuple[int, int]]:
    """Those of the query's risk levels; neighbours are one."""
    ranges = sorted(bands.bounds(level) for level in query.risk or RiskLevel)
    low, high = ranges[0]
    for start, end in ranges[1:]:
        if start > high + 1:
            yield low, high
            low = start
        high = end
    yield low, high
