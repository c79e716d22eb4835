"""Scores as integer millionths, so that sums are exact, and the risk bands they fall in."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from services.schemas import RiskLevel

ONE = 1_000_000
"""A score of 1 in millionths."""

MILLIONTH = Decimal('0.000001')

BIN = ONE // 20
"""Width of a histogram bin: 0.05."""


def to_millionths(score: Decimal) -> int:
    """Round half to even at the seventh decimal."""
    # quantize rounds once; a product would round to the context's 28 digits first
    return int(score.quantize(MILLIONTH, rounding=ROUND_HALF_EVEN).scaleb(6))


def from_millionths(score: int) -> float:
    return score / ONE


@dataclass(frozen=True, kw_only=True)
class RiskBands:
    """Where medium and high risk begin, in millionths; both are edges of histogram bins."""

    medium: int = 400_000
    high: int = 700_000

    def level(self, score: int) -> RiskLevel:
        if score >= self.high:
            return RiskLevel.HIGH
        return RiskLevel.MEDIUM if score >= self.medium else RiskLevel.LOW

    def bounds(self, level: RiskLevel) -> tuple[int, int]:
        """The band's lowest and highest score, both inclusive."""
        return {
            RiskLevel.LOW: (0, self.medium - 1),
            RiskLevel.MEDIUM: (self.medium, self.high - 1),
            RiskLevel.HIGH: (self.high, ONE),
        }[level]
