"""Which API keys and tokens of users were called back, remembered for as long as the users' states say the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import NamedTuple

from sqlmodel import Session, col, select

from services.coalescing import Coalescing
from services.credential_tables import ApiKey, RevokedToken
from services.database import Database
from services.identity import KeyScope, Proof
from services.last_known import LastKnown
from services.models import User
from services.secret_hash import secret_hash
from services.user_states import UserState

REMEMBERED = 10_000
"""Users whose keys and tokens are remembered, and keys whose users are."""


class LivingKey(NamedTuple):
    """A key that was not revoked."""

    scope: KeyScope
    token_version: int


class UserCredentials(NamedTuple):
    """Those of one user."""

    access_revision: int
    keys: Mapping[str, LivingKey]
    """By their hashes."""
    revoked: frozenset[str]
    """The hashes of the ids of the first tokens of sign-ins: what is called back ends with all that came of it."""

    def hold(self, proof: Proof, token_version: int) -> bool:
        """Whether what was shown at that token version was not called back since."""
        if proof.key_hash is not None:
            key = self.keys.get(proof.key_hash)
            return key is not None and key.token_version == token_version
        return proof.origin_id is None or not self.revoked or secret_hash(proof.origin_id) not in self.revoked


NONE_YET = UserCredentials(access_revision=0, keys={}, revoked=frozenset())
"""Of a user who never made a key nor revoked anything: nothing has to be read."""


class Credentials:
    """Reads them for all who ask at the same time by one query of each kind, and only when something changed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: LastKnown[UserCredentials] = LastKnown(size=REMEMBERED)
        self._owners: LastKnown[int] = LastKnown(size=REMEMBERED)
        self._asked_users: Coalescing[int, UserCredentials] = Coalescing(self._read, name='credentials')
        self._asked_keys: Coalescing[str, int] = Coalescing(self._read_owners, name='keys')

    async def owner(self, key_hash: str) -> int | None:
        """Whose key this is or was; ``None``: there never was such a key, or it was forgotten."""
        owner = self._owners.get(key_hash)
        if owner is None:
            owner = await self._asked_keys.get(key_hash)
            if owner is not None:
                self._owners.put(key_hash, owner)
        return owner

    async def of(self, state: UserState) -> UserCredentials:
        """Those of a user, as of its state or later.

        :raises Unavailable: the database does not answer.
        """
        known = self._current(state)
        if known is None:
            known = await self._asked_users.get(state.user_id) or NONE_YET
            self._known.put(state.user_id, known)
        return known

    async def of_many(self, states: Collection[UserState]) -> dict[int, UserCredentials]:
        """The same for many users."""
        found = {state.user_id: self._current(state) for state in states}
        if missing := [user_id for user_id, known in found.items() if known is None]:
            for user_id, read in (await self._read(missing)).items():
                self._known.put(user_id, read)
                found[user_id] = read
        return {user_id: known or NONE_YET for user_id, known in found.items()}

    def _current(self, state: UserState) -> UserCredentials | None:
        if not state.access_revision:
            return NONE_YET
        known = self._known.get(state.user_id)
        return known if known and known.access_revision >= state.access_revision else None

    async def _read(self, user_ids: Collection[int]) -> dict[int, UserCredentials]:
        return await self._database.read(lambda session: _credentials(session, user_ids))

    async def _read_owners(self, hashes: Collection[str]) -> dict[str, int]:
        found = select(ApiKey.key_hash, ApiKey.user_id).where(col(ApiKey.key_hash).in_(hashes))
        return await self._database.read(lambda session: dict(session.exec(found).all()))


def _credentials(session: Session, user_ids: Collection[int]) -> dict[int, UserCredentials]:
    # the revision first: what is committed meanwhile may be in the rest, and is then read once more
    revisions = session.exec(select(User.id, User.access_revision).where(col(User.id).in_(user_ids))).all()
    keys: defaultdict[int, dict[str, LivingKey]] = defaultdict(dict)
    living = select(ApiKey).where(col(ApiKey.user_id).in_(user_ids), ~col(ApiKey.revoked))
    for key in session.exec(living):
        keys[key.user_id][key.key_hash] = LivingKey(KeyScope(key.scope), key.token_version)
    revoked: defaultdict[int, set[str]] = defaultdict(set)
    for token in session.exec(select(RevokedToken).where(col(RevokedToken.user_id).in_(user_ids))):
        revoked[token.user_id].add(token.id_hash)
    return {
        user_id: UserCredentials(revision, keys[user_id], frozenset(revoked[user_id]))
        for user_id, revision in revisions
        if user_id is not None
    }
