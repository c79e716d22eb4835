"""Who somebody has proved to be, by what, how much that opens, and what makes it end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple, Self

from services.errors import Forbidden
from services.models import User
from services.user_states import KnownState

NEVER = datetime.max.replace(tzinfo=UTC)
"""When an API key expires by itself."""


class KeyScope(StrEnum):
    """What an API key opens."""

    READ = 'read'
    """Everything that only reads, and the live data."""
    INGEST = 'ingest'
    """Sending predictions and files, and what became of them."""


class Proof(NamedTuple):
    """What was shown, as far as it can be called back: everything ends with each of these that is set."""

    session_hash: str | None = None
    """A browser session is behind it."""
    origin_id: str | None = None
    """A token, or one in whose place it is: the ``jti`` of the first of them."""
    key_hash: str | None = None


NO_PROOF = Proof()
"""Nothing that could be called back: a password, just now."""


class Right(NamedTuple):
    """What everything ends with that somebody is given."""

    proof: Proof
    token_version: int
    expires_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """A user who has proved who they are, and until when that holds."""

    user_id: int
    email: str
    name: str
    time_zone: str
    token_version: int
    expires_at: datetime
    proof: Proof = NO_PROOF
    signed_in_at: datetime | None = None
    """When the password was given that this goes back to; ``None`` of an API key."""
    scope: KeyScope | None = None
    """Set where an API key was shown: it opens no more than that."""
    known: KnownState | None = field(default=None, compare=False, repr=False)
    """What the proof was held against; of use to whoever asks for the same at once, and old soon."""

    @property
    def right(self) -> Right:
        return Right(self.proof, self.token_version, self.expires_at)

    @property
    def session_hash(self) -> str | None:
        return self.proof.session_hash

    @property
    def origin_id(self) -> str | None:
        return self.proof.origin_id

    def require(self, *scopes: KeyScope) -> None:
        """
        :param scopes: those of the API keys that will do; without, none does.
        :raises Forbidden: this is an API key of another scope.
        """
        if self.scope is not None and self.scope not in scopes:
            raise Forbidden(f'An API key with the scope "{self.scope}" does not open this.')

    @classmethod
    def of(
        cls,
        user: User,
        *,
        expires_at: datetime,
        proof: Proof = NO_PROOF,
        signed_in_at: datetime | None = None,
    ) -> Self:
        assert user.id is not None
        return cls(
            user_id=user.id,
            email=user.email,
            name=user.name,
            time_zone=user.time_zone,
            token_version=user.token_version,
            expires_at=expires_at,
            proof=proof,
            signed_in_at=signed_in_at,
        )

    @classmethod
    def of_state(
        cls,
        known: KnownState,
        *,
        expires_at: datetime,
        proof: Proof,
        signed_in_at: datetime | None = None,
        scope: KeyScope | None = None,
    ) -> Self:
        return cls(
            user_id=known.state.user_id,
            email=known.state.email,
            name=known.state.name,
            time_zone=known.state.home_zone,
            token_version=known.state.token_version,
            expires_at=expires_at,
            proof=proof,
            signed_in_at=signed_in_at,
            scope=scope,
            known=known,
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
