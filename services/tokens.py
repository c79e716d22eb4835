"""The JWTs of external programs (RFC 9068 profile, HS256): issuing them, and refusing every other."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from services.clock import Clock
from services.errors import InvalidToken
from services.last_known import LastKnown

ALGORITHM = 'HS256'
HEADER = {'alg': ALGORITHM, 'typ': 'at+jwt'}
ISSUER = AUDIENCE = 'churnboard'
MAX_LENGTH = 4096
LEEWAY = 5
"""Seconds another server's clock may be ahead of ours. Expiry has none: no data after it."""

VERIFIED = 4_096
"""Tokens whose signatures need not be checked again."""

_SHAPE = re.compile(r'[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+')
_SUBJECT = re.compile(r'[1-9][0-9]{0,17}')
_SESSION_HASH = re.compile(r'[0-9a-f]{64}')


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenClaims:
    """What a valid token says."""

    user_id: int
    token_version: int
    token_id: str
    origin_id: str
    """The id of the token that was got by the sign-in, of all that were renewed from one another."""
    starts_at: datetime
    expires_at: datetime
    signed_in_at: datetime
    """When the password was given that this goes back to, over however many renewals."""
    session_hash: str | None = None
    """The browser session it was issued for: the token ends with it."""


class Tokens:
    """Issues and verifies; time comes from the clock alone, also where PyJWT would ask the system's."""

    def __init__(self, secret_key: str, *, max_seconds: int, clock: Clock) -> None:
        self._key = secret_key.encode()
        self._max_seconds = max_seconds
        self._clock = clock
        self._verified: LastKnown[TokenClaims] = LastKnown(size=VERIFIED)
        """What tokens say whose signatures were checked before: whether it still holds is asked every time."""

    def issue(
        self,
        user_id: int,
        token_version: int,
        *,
        seconds: int,
        session_hash: str | None = None,
        signed_in_at: datetime | None = None,
        origin_id: str | None = None,
    ) -> str:
        """
        :param signed_in_at: when the password was given; by default it was just now.
        :param origin_id: of the token in whose place it is; without, it is the first of its sign-in.
        """
        now = int(self._clock().timestamp())
        claims: dict[str, object] = {
            'iss': ISSUER,
            'aud': AUDIENCE,
            'sub': str(user_id),
            'iat': now,
            'exp': now + min(seconds, self._max_seconds),
            'jti': secrets.token_urlsafe(16),
            'tv': token_version,
            'auth_time': now if signed_in_at is None else min(now, int(signed_in_at.timestamp())),
        }
        if session_hash is not None:
            claims['sid'] = session_hash
        if origin_id is not None:
            claims['origin_jti'] = origin_id
        return jwt.encode(claims, self._key, algorithm=ALGORITHM, headers=HEADER)

    def verify(self, token: object) -> TokenClaims:
        """Check everything that can be known without the database.

        :raises InvalidToken: for any reason, whatever was handed in.
        """
        known = self._verified.get(token) if isinstance(token, str) and len(token) <= MAX_LENGTH else None
        if known and known.starts_at <= self._latest_start() and self._clock() < known.expires_at:
            return known
        claims = self._read(token, now=self._clock().timestamp())
        self._verified.put(token, claims)
        return claims

    def recognize(self, token: object) -> TokenClaims:
        """What a token says that was valid once, though it may have expired; raises as :meth:`verify`."""
        return self._read(token, now=None)

    def _read(self, token: object, *, now: float | None) -> TokenClaims:
        try:
            return self._claims(self._decode(token), now=now)
        except Exception:  # what a forged token trips over must not show, whatever it is
            raise InvalidToken from None

    def _decode(self, token: object) -> dict[str, Any]:
        """The payload of a token that is ours in form, signature, issuer and audience."""
        # The shape comes first: decoding a megabyte costs time, a lone surrogate raises, padding has many spellings.
        _require(isinstance(token, str) and len(token) <= MAX_LENGTH and _SHAPE.fullmatch(token))
        complete = jwt.decode_complete(
            str(token),
            self._key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            options={
                'require': ['iss', 'aud', 'sub', 'iat', 'exp', 'jti'],
                'strict_aud': True,
                'verify_exp': False,
                'verify_iat': False,
                'verify_nbf': False,
            },
        )
        _require(complete['header'] == HEADER)
        payload: dict[str, Any] = complete['payload']
        return payload

    def _claims(self, payload: dict[str, Any], *, now: float | None) -> TokenClaims:
        starts, expires = self._checked_times(payload, now=now)
        origin = payload.get('origin_jti', payload['jti'])
        version, session_hash = payload['tv'], payload.get('sid')
        signed_in = payload.get('auth_time', payload['iat'])  # an earlier version wrote none, and renewed nothing
        _require(_SUBJECT.fullmatch(payload['sub']))
        _require(_is_int(version) and version >= 0)
        _require(payload['jti'])
        _require(isinstance(origin, str) and origin)
        _require(_is_int(signed_in) and 0 <= signed_in <= payload['iat'])
        _require(session_hash is None or _SESSION_HASH.fullmatch(session_hash))
        return TokenClaims(
            user_id=int(payload['sub']),
            token_version=version,
            token_id=payload['jti'],
            origin_id=origin,
            starts_at=datetime.fromtimestamp(starts, UTC),
            expires_at=datetime.fromtimestamp(expires, UTC),
            signed_in_at=datetime.fromtimestamp(signed_in, UTC),
            session_hash=session_hash,
        )

    def _checked_times(self, payload: dict[str, Any], *, now: float | None) -> tuple[int, int]:
        """From when to when it holds, in seconds since 1970; ``now``: it has to hold then."""
        issued, expires, starts = payload['iat'], payload['exp'], payload.get('nbf', payload['iat'])
        _require(_is_int(issued) and _is_int(expires) and _is_int(starts))
        _require(now is None or max(issued, starts) <= now + LEEWAY)
        _require(now is None or now < expires)
        _require(expires - issued <= self._max_seconds)
        return max(issued, starts), expires

    def _latest_start(self) -> datetime:
        return self._clock() + timedelta(seconds=LEEWAY)


def _is_int(value: object) -> bool:
    """``True`` and ``1.0`` count as numbers for PyJWT and Python, not for us."""
    return isinstance(value, int) and not isinstance(value, bool)


def _require(condition: object) -> None:
    if not condition:
        raise InvalidToken
