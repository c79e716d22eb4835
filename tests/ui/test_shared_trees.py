"""What one tab keeps of what every tab shows."""

from __future__ import annotations

from nicegui.testing import User

from components.filter_bar import FilterBar
from components.toolbar import Toolbar


async def test_what_is_the_same_on_two_pages_is_kept_once(user: User) -> None:
    kept = []
    for _ in range(2):
        await user.open('/')
        assert user.client
        elements = user.client.elements.values()
        kept.append([e._drawn.written for e in elements if isinstance(e, FilterBar | Toolbar)])
    first, second = kept
    assert len(first) == 2
    assert all(one is other for one, other in zip(first, second, strict=True))
