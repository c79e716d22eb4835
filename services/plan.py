"""How a query is answered: what leads to its predictions, and how many are gone through for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Route(StrEnum):
    """What leads to the predictions of a query; whatever else it asks only says which of those it means."""

    ROLLUPS = 'rollups'
    """They hold the answer: no prediction is looked at."""
    CUSTOMERS = 'customers'
    """Those whom the text means, found first, and ``ix_prediction_customer``."""
    SCORES = 'scores'
    """``ix_prediction_score``."""
    SOURCES = 'sources'
    """``ix_prediction_source``."""
    DAYS = 'days'
    """``ix_prediction_time``."""
    ALL = 'all'
    """Nothing: all the user's predictions are gone through, customer by customer where an index allows it."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The route of a query, decided in one transaction and good for that one."""

    route: Route
    rows: int = 0
    """Predictions on that route."""
    takes_long: bool = False
    """More than are gone through while somebody waits."""
    found: bool = False
    """Whether the customers whom the text means are in the table ``found_customer`` of the connection."""
    sources: tuple[int, ...] = ()
    """Those of the name that is asked for."""
    by_arrival: bool = False
    """Whether an index without the customer first tells the arrivals, which are then looked up.

    SQLite would rather go through all predictions in the order of their customers.
    """
