"""What REST takes and answers about API keys, and the end of tokens and browser sessions."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, RootModel

from services.api_keys import MAX_NAME
from services.identity import KeyScope
from services.protocol_schemas import Count, Timestamp
from services.schemas import Payload


class NothingData(Payload):
    """It is done; there is nothing to say of it."""


class BrowserSessionData(Payload):
    """How long a browser stays signed in."""

    expires_at: Timestamp
    expires_in: Count
    """Seconds."""
    prolongable: bool
    """Whether it may end later than this, by `POST /api/session`."""


class RevokeAsk(BaseModel):
    """Which token is to end; without it, the one that is shown."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    token: str | None = None


class ApiKeyAsk(BaseModel):
    """Which key is wanted."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
    """To know it by; unlike those of your other keys."""
    scope: KeyScope


class ApiKeyData(Payload):
    """A key, but for its text."""

    id: str
    name: str
    scope: KeyScope
    created_at: Timestamp
    last_used_at: Timestamp | None
    """To the minute."""
    revoked: bool
    """By its user, or by a new password."""


class ApiKeyList(RootModel[tuple[ApiKeyData, ...]]):
    """Newest first."""


class NewApiKeyData(ApiKeyData):
    """A key that was just made."""

    key: str
    """Its text: shown this once."""
