"""What a client says on the live protocol: the data of each event and action, as the AsyncAPI document describes it.

Unknown keys are refused. ``None`` is taken for "not given".
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from services.connections import Updates
from services.export_formats import ExportFormat
from services.protocol_schemas import Message
from services.query import MAX_SOURCE, MAX_TEXT, DateRange
from services.schemas import RiskLevel
from services.tokens import MAX_LENGTH

Token = Annotated[str, Field(min_length=1, max_length=MAX_LENGTH)]
Score = Annotated[float, Field(ge=0, le=1)]


class Request(Message):
    model_config = ConfigDict(extra='forbid')


class ConnectAuth(Message):
    """Unknown keys are ignored here."""

    token: Token
    updates: Updates = Updates.FULL
    """What comes at each beat: ``dashboard_update``, or ``dashboard_changes`` and nothing while nothing changed."""


class Authenticate(Request):
    """A new token of the same user, before the present one ends."""

    token: Token


class RequestDashboardData(Request):
    """Empty for all numbers."""

    since: tuple[str, Annotated[int, Field(ge=0)]] | None = None
    """``[epoch, seq]`` of a message you have: answered with ``dashboard_changes`` where that can be told, which needs
    a connection with ``updates: changes``, and with ``dashboard_update`` otherwise."""


class Filter(Request):
    """Replaces the whole filter but the dates; empty clears it."""

    risk: Annotated[tuple[RiskLevel, ...], Field(min_length=1)] | None = None
    q: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)] | None = None
    """Part of a customer's id or name, in upper or lower case."""
    min_score: Score | None = None
    max_score: Score | None = None
    source: Annotated[str, Field(min_length=1, max_length=MAX_SOURCE)] | None = None
    """The name of a file."""


class DateRangeData(Request):
    """Replaces the dates; empty clears them. Either ``range``, or ``from`` and ``to``, both inclusive."""

    first: Annotated[date | None, Field(alias='from')] = None
    last: Annotated[date | None, Field(alias='to')] = None
    range: DateRange | None = None
    """In days, today among them."""


class Refresh(Request):
    """Nothing."""


class Export(Request):
    """All predictions of the connection's query."""

    format: ExportFormat
    decimal: Literal['.', ','] | None = None
    """The sign in numbers, for ``csv-excel``."""


class FilterAction(Request):
    action: Literal['filter']
    data: Filter | None = None
    timestamp: str | None = None
    """When the person acted, with an offset; checked and not used."""


class DateRangeAction(Request):
    action: Literal['date_range']
    data: DateRangeData | None = None
    timestamp: str | None = None


class RefreshAction(Request):
    action: Literal['refresh']
    data: Refresh | None = None
    timestamp: str | None = None


class ExportAction(Request):
    action: Literal['export']
    data: Export
    timestamp: str | None = None


UserAction = Annotated[FilterAction | DateRangeAction | RefreshAction | ExportAction, Field(discriminator='action')]
"""The data of ``user_action``."""
