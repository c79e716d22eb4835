from __future__ import annotations

from functools import lru_cache
from typing import Any

import orjson


def kept_json(value: Any) -> bytes:
    """JSON that is kept for a while, as ``orjson.dumps`` writes it, but in no more memory than it takes.

    What that returns itself holds on to the buffer it was written into: 4 kB at least, up to five times its length.
    """
    return bytes(memoryview(orjson.dumps(value)))


@lru_cache(256)
def shared(kept: bytes) -> bytes:
    """The same bytes for all, of what is likely to be the same on most pages; what was not met lately is forgotten."""
    return kept
