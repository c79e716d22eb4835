"""Who somebody has proved to be, and what makes that end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from services.models import User
from services.user_states import UserState


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A user who has proved who they are, and until when that holds."""

    user_id: int
    email: str
    name: str
    time_zone: str
    token_version: int
    expires_at: datetime
    session_hash: str | None = None
    """Set where a browser session is behind it: everything ends with that session."""

    @classmethod
    def of(cls, user: User, *, expires_at: datetime, session_hash: str | None = None) -> Self:
        assert user.id is not None
        return cls(
            user_id=user.id,
            email=user.email,
            name=user.name,
            time_zone=user.time_zone,
            token_version=user.token_version,
            expires_at=expires_at,
            session_hash=session_hash,
        )

    @classmethod
    def of_state(cls, state: UserState, *, expires_at: datetime, session_hash: str | None = None) -> Self:
        return cls(
            user_id=state.user_id,
            email=state.email,
            name=state.name,
            time_zone=state.home_zone,
            token_version=state.token_version,
            expires_at=expires_at,
            session_hash=session_hash,
        )


@dataclass(frozen=True, kw_only=True)
class IssuedToken:
    """The answer of OAuth2 (RFC 6749, 5.1)."""

    access_token: str
    token_type: str = 'bearer'
    expires_in: int


def is_current(user: User, token_version: int) -> bool:
    """Whether what was proved at that token version still holds."""
    return not user.disabled and user.token_version == token_version
