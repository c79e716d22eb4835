"""What the server says on the live protocol: the payload of each event, as the AsyncAPI document describes it.

A key whose value is ``None`` here is absent there, unless its description says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from services.schemas import ActivityItem, Alert, BoardState, DashboardData, Payload, Trend
from services.upload_status import UploadState

Timestamp = Annotated[str, Field(pattern=r'^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$')]
"""RFC 3339 in UTC with milliseconds."""
Seconds = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]


class Message(Payload):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class ErrorCode(StrEnum):
    """What went wrong, for programs; ``message`` says it to people."""

    INVALID_REQUEST = 'invalid_request'
    INVALID_TOKEN = 'invalid_token'
    TOKEN_EXPIRED = 'token_expired'
    FORBIDDEN = 'forbidden'
    NOT_FOUND = 'not_found'
    TOO_LARGE = 'too_large'
    RATE_LIMITED = 'rate_limited'
    UNAVAILABLE = 'unavailable'


ERROR_MEANINGS = {
    ErrorCode.INVALID_REQUEST: 'What you sent is not as described here; `field` names the part. Nothing was changed.',
    ErrorCode.INVALID_TOKEN: 'The token is missing, not valid or expired. As an `error` event it ends the connection '
    'where the account was disabled, its password changed, the token or API key was revoked, or the browser session '
    'of the token ended.',
    ErrorCode.TOKEN_EXPIRED: 'The token came to its end, and the connection with it. Get a new one and connect again.',
    ErrorCode.FORBIDDEN: 'You are known, and may not do this.',
    ErrorCode.NOT_FOUND: 'There is no such thing, or it is not yours.',
    ErrorCode.TOO_LARGE: 'It is more than the server takes.',
    ErrorCode.RATE_LIMITED: 'Too many connections, events or exports. Try again after `retry_after` seconds.',
    ErrorCode.UNAVAILABLE: 'The server cannot answer at the moment. Try again after `retry_after` seconds.',
}


class Failure(Message):
    """The event ``error``, and the acknowledgement of a request that failed."""

    code: ErrorCode
    message: str
    """What happened and what to do, in one sentence. Never internals."""
    field: str | None = None
    """The part of your message it is about."""
    retry_after: Seconds | None = None
    """Seconds after which trying again makes sense."""


class Connected(Message):
    """The first event, and the answer to ``authenticate``. After ``error`` the server disconnects."""

    status: Literal['success', 'error']
    message: str
    code: ErrorCode | None = None
    """Why you are not let in; with ``status: error`` alone, as are the next two."""
    field: str | None = None
    retry_after: Seconds | None = None


class ActionOutcome(Message):
    """What became of an action: in its ``dashboard_update``, and as its acknowledgement."""

    name: str
    status: Literal['ok']
    id: str | None = None
    """Of an export."""
    url: str | None = None
    """Of an export: an absolute path of this server, to be fetched once within 60 seconds."""
    rows: Count | None = None
    """Of an export: what it holds."""


class Position(Message):
    """Where a message stands: what a client names in ``since``."""

    epoch: str
    """Names the server's run."""
    seq: Annotated[int, Field(ge=1)]
    """Counts the messages of this connection that carry data, by one."""


class DashboardUpdate(Position, DashboardData):
    """All numbers of the connection's query: the object of ``GET /api/live-data`` and its position."""

    sample: bool | None = None
    """There, and true, while made-up data is among the predictions."""
    action: ActionOutcome | None = None
    """The action this answers."""


class ChangedMetrics(Message):
    """Those of the nine numbers that changed."""

    total_predictions: int | None = None
    avg_churn_score: float | None = None
    high_risk_predictions: int | None = None
    medium_risk_predictions: int | None = None
    low_risk_predictions: int | None = None
    engagement_score: float | None = None
    retention_rate: float | None = None
    active_users_today: int | None = None
    new_predictions_today: int | None = None


class ChangedTrends(Message):
    """Those of the trends that changed."""

    churn_trend: Trend | None = None
    engagement_trend: Trend | None = None
    retention_trend: Trend | None = None


class DashboardChanges(Position):
    """What is not as it was in the message before, or in the one named by ``since``; the rest is unchanged."""

    timestamp: Timestamp
    metrics: ChangedMetrics | None = None
    trends: ChangedTrends | None = None
    recent_activity: tuple[ActivityItem, ...] | None = None
    """The whole list, if anything in it changed."""
    alerts: tuple[Alert, ...] | None = None
    """The whole list, if anything in it changed."""
    state: Literal[BoardState.REFRESHING, None] = None
    """``null`` says that these are the newest numbers again."""
    sample: bool | None = None


class NewPrediction(ActivityItem):
    """A prediction that was just committed, whatever the connection's query is."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    committed_at: Timestamp
    more: Annotated[int, Field(ge=1)] | None = None
    """How many came with it and are not told one by one."""


@dataclass(frozen=True, kw_only=True)
class SystemAlert(Alert):
    """An alert that started; ``id: token-expiring`` comes 60 seconds before the token ends."""


class UploadProgress(Message):
    """How one of your uploads goes on; ``GET /api/uploads/{id}`` tells the rest."""

    id: str
    rows: Count
    """Read so far."""
    rejected: Count
    state: UploadState


class ServerShutdown(Message):
    """The server is about to stop."""

    retry_after: Seconds
    """Seconds after which to connect again."""
