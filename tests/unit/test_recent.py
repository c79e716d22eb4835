"""Merging what came into what is known gives what sorting all of it gives, whatever the texts look like."""

from __future__ import annotations

import random
from collections.abc import Sequence

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.recent import RECENT, Recent, RecentItem, ShownPrediction
from services.scores import RiskBands

NASTY = st.sampled_from(['c', 'd', 'é"', ',{"id":"', '"customer_id":"c"', 'c","customer_name":"N', '\\', '\x00', ''])
Batch = list[tuple[int, str, str | None]]
BATCH: st.SearchStrategy[Batch] = st.lists(st.tuples(st.integers(-3, 30), NASTY, st.none() | NASTY), max_size=RECENT)


def predictions(batches: Sequence[Batch]) -> list[list[ShownPrediction]]:
    """Numbered in the order they came."""
    found, arrival = [], 0
    for batch in batches:
        found.append([])
        for at, customer, name in batch:
            arrival += 1
            found[-1].append(
                ShownPrediction(arrival, 7, 500_000, at, at, 'completed', customer, 'reason\n,{"id":"', name, 'a.csv')
            )
    return found


def items(rows: Sequence[ShownPrediction]) -> list[RecentItem]:
    return [RecentItem.of(row, RiskBands()) for row in rows]


def in_order(rows: Sequence[ShownPrediction]) -> list[ShownPrediction]:
    return sorted(rows, key=lambda row: (row.predicted_at, row.arrival), reverse=True)[:RECENT]


def as_sent(recent: Recent) -> list[str]:
    return [item['id'] for item in orjson.loads(recent.encoded)]


def check(batches: Sequence[Batch]) -> None:
    """Take them in one after the other."""
    names: dict[str, str | None] = {}
    here: list[ShownPrediction] = []
    recent = Recent()
    for batch in predictions(batches):
        names |= {row.customer_id: row.customer_name for row in batch}  # all rows of a customer show its last name
        came = [row._replace(customer_name=names[row.customer_id]) for row in batch]
        renamed = any(row.customer_name != names.get(row.customer_id, row.customer_name) for row in in_order(here))
        merged = recent.with_new(items(came))
        assert (merged is None) == renamed
        here = [row._replace(customer_name=names[row.customer_id]) for row in [*here, *came]]
        anew = Recent.newest(items(here))
        assert merged in (None, anew)
        assert as_sent(anew) == [str(row.arrival) for row in in_order(here)]
        assert anew.newest_at == (in_order(here)[0].predicted_at if here else None)
        assert [item.customer_name for item in anew.activity] == [row.customer_name for row in in_order(here)]
        recent = anew


@given(st.lists(BATCH, max_size=6))
def test_what_is_merged_is_what_would_be_read_anew(batches: Sequence[Batch]) -> None:
    check(batches)


@pytest.mark.parametrize('late', [0, 1, 3, 30])
def test_a_stream_is_followed_whether_in_order_or_not(late: int) -> None:
    rng = random.Random(late)
    check([[(step - rng.randrange(late + 1), 'c', None)] * rng.choice([1, 1, 2, 5]) for step in range(80)])


def test_what_is_the_same_is_not_made_again() -> None:
    recent = Recent.newest(items(*predictions([[(1, 'c', None)]])))
    assert recent.with_new([]) is recent
