"""How often a server beats, and over how many beats a figure is measured."""

from __future__ import annotations

from dataclasses import dataclass

from services.loop_lag import WINDOW

LAG_SECONDS = 1.1 * WINDOW
"""The server keeps a number of looks, which take longer while the loop is late."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """The part of a plan that every load has."""

    beat: float
    """Seconds."""
    beats: int
    """How many each figure is measured over."""
    lag_seconds: float
    """For how long a load has lasted when the lag is told, so that it is of this load; 0: of those before, too."""

    @property
    def lead_in(self) -> float:
        """Seconds a load lasts before the beat that warms up."""
        return max(0.0, self.lag_seconds - (1 + self.beats) * self.beat)
