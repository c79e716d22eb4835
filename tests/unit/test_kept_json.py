from __future__ import annotations

import tracemalloc

import orjson
import pytest

from components.kept_json import kept_json, shared


@pytest.mark.parametrize('words', [1, 30, 200])
def test_what_is_kept_takes_no_more_memory_than_its_length(words: int) -> None:
    value = {'words': ['a word' * 5] * words}
    assert kept_json(value) == orjson.dumps(value)
    tracemalloc.start()
    try:
        kept = [kept_json(value) for _ in range(100)]
        each = tracemalloc.get_traced_memory()[0] / len(kept)
    finally:
        tracemalloc.stop()
    assert each < len(kept[0]) + 200


def test_what_is_the_same_on_every_page_is_kept_once() -> None:
    first, second = kept_json(['filters']), kept_json(['filters'])
    assert first is not second
    assert shared(first) is shared(second)
