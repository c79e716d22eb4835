"""The time zones people choose from, and which one they mean by what they type."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from zoneinfo import available_timezones


@cache
def zone_names() -> tuple[str, ...]:
    """Places, and UTC. Looks through the whole zone database the first time: not on the event loop."""
    return ('UTC', *sorted(name for name in available_timezones() if '/' in name and not name.startswith('Etc/')))


def zone_called(text: str, names: Sequence[str]) -> str:
    """The zone of that name in any case, or of the only place called so; the text itself where there is none."""
    wanted = '_'.join(text.split()).casefold()
    for name in names:
        if name.casefold() == wanted:
            return name
    places = [name for name in names if name.casefold().endswith(f'/{wanted}')]
    return places[0] if wanted and len(places) == 1 else text.strip()
