"""Whether a token or an API key holds: the one check behind REST and Socket.IO."""

from __future__ import annotations

from services import api_keys, sessions
from services.clock import Clock
from services.credentials import Credentials
from services.database import Database
from services.errors import InvalidToken
from services.identity import NEVER, Identity, Proof, Right
from services.key_use import KeyUse
from services.secret_hash import secret_hash
from services.tokens import Tokens
from services.user_lookup import UserLookup
from services.user_states import KnownState, UserState


class CredentialCheck:
    """Asks the database for the user every time, and for more only where there is more to know."""

    def __init__(
        self,
        database: Database,
        *,
        tokens: Tokens,
        lookup: UserLookup,
        credentials: Credentials,
        key_use: KeyUse,
        clock: Clock,
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._lookup = lookup
        self._credentials = credentials
        self._key_use = key_use
        self._clock = clock

    async def identity(self, token: object) -> Identity:
        """
        :raises InvalidToken: whatever is wrong with it.
        :raises Unavailable: the database does not answer.
        """
        if api_keys.is_key(token):
            return await self._of_key(secret_hash(token))
        claims = self._tokens.verify(token)
        proof = Proof(session_hash=claims.session_hash, origin_id=claims.origin_id)
        now = self._clock()
        known = KnownState(await self._held(claims.user_id, claims.token_version, proof), now)
        return Identity.of_state(known, expires_at=claims.expires_at, proof=proof, signed_in_at=claims.signed_in_at)

    async def version_now(self, user_id: int, right: Right) -> int | None:
        """The token version at which what was proved holds now; ``None``: it has expired, or was called back since."""
        proof = right.proof
        if proof.session_hash is not None and proof.origin_id is None:
            return await self._version_of(proof.session_hash)  # it outlives a password changed by it, and is prolonged
        if right.expires_at <= self._clock():
            return None
        try:
            return (await self._held(user_id, right.token_version, proof)).token_version
        except InvalidToken:
            return None

    async def _of_key(self, key_hash: str) -> Identity:
        owner, now = await self._credentials.owner(key_hash), self._clock()
        state = None if owner is None else await self._lookup.state(owner)
        if state is None or state.disabled:
            raise InvalidToken
        proof, credentials = Proof(key_hash=key_hash), await self._credentials.of(state)
        if not credentials.hold(proof, state.token_version):
            raise InvalidToken
        self._key_use.note(key_hash)
        return Identity.of_state(
            KnownState(state, now), expires_at=NEVER, proof=proof, scope=credentials.keys[key_hash].scope
        )

    async def _held(self, user_id: int, token_version: int, proof: Proof) -> UserState:
        """The user's state, if the proof holds now; raises ``InvalidToken``."""
        state = await self._lookup.state(user_id)
        if state is None or state.disabled or state.token_version != token_version:
            raise InvalidToken
        if not (await self._credentials.of(state)).hold(proof, token_version):
            raise InvalidToken
        if proof.session_hash is not None and await self._version_of(proof.session_hash) is None:
            raise InvalidToken
        return state

    async def _version_of(self, session_hash: str) -> int | None:
        """That of a browser session that is valid now."""
        now = self._clock()
        found = await self._database.read(lambda session: sessions.find(session, session_hash, now=now))
        return found[0].token_version if found else None
