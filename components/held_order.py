"""Keeping a list's rows where they are while somebody reads or uses them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import TypeVar

from services.schemas import AtRiskCustomer

C = TypeVar('C', bound=AtRiskCustomer)


def in_place(shown: Sequence[C], latest: Sequence[C]) -> list[C]:
    """The rows that are shown, in their order, each as it is now: one that left the list stays as it was."""
    now = {item.customer_id: item for item in latest}
    return [now.get(item.customer_id, item) for item in shown]


def moves(shown: Sequence[C], latest: Sequence[C]) -> int:
    """How many rows would come, go or change places, at the least, to get from one order to the other."""
    place = {item.customer_id: index for index, item in enumerate(shown)}
    stay = [place[item.customer_id] for item in latest if item.customer_id in place]
    came, went = len(latest) - len(stay), len(shown) - len(stay)
    return max(came, went) + len(stay) - _longest_rising(stay)


def _longest_rising(numbers: Sequence[int]) -> int:
    """The length of the longest rising subsequence: so many need not be moved (patience sorting)."""
    piles: list[int] = []
    for number in numbers:
        at = bisect_left(piles, number)
        piles[at : at + 1] = [number]
    return len(piles)
