"""What a function of a text answered before, looked up at a fraction of the cost of calling it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Answer = TypeVar('Answer')


class Memo(dict[str, Answer], Generic[Answer]):
    """``memo[text]`` is the function's answer: an exception passes through, and is not remembered.

    Faster than ``lru_cache``, also in ``map(memo.__getitem__, texts)``, and bounded in bytes: long texts are not kept,
    and when it is full it begins anew.
    """

    def __init__(self, answer: Callable[[str], Answer], *, size: int, longest: int) -> None:
        super().__init__()
        self._answer = answer
        self._size = size
        self._longest = longest

    def __missing__(self, text: str) -> Answer:
        answer = self._answer(text)
        if len(text) <= self._longest:
            if len(self) >= self._size:
                self.clear()
            self[text] = answer
        return answer
