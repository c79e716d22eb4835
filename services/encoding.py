"""JSON in bytes."""

from __future__ import annotations

from typing import Any

import orjson


def encode(value: Any) -> bytes:
    """JSON to be kept: a copy, since what orjson returns holds on to a buffer of 4 KB, however short it is."""
    return bytes(memoryview(orjson.dumps(value)))
