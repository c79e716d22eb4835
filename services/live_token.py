"""The token of a client, and where the next one comes from."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Awaitable, Callable

from services.live_errors import LiveError

log = logging.getLogger(__name__)

Renew = Callable[[], Awaitable[str]]
"""Gets another token of the same user."""


class LiveToken:
    """The token that is shown to the server, and whose it is."""

    def __init__(self, value: str, renew: Renew | None) -> None:
        self.value = value
        self.renew = renew

    async def another(self) -> str | None:
        """A token other than the present one; ``None``: there is no way to get one.

        :raises LiveError: it could not be got this time, or is another user's.
        """
        if self.renew is None:
            return None
        try:
            found = await self.renew()
        except Exception as error:
            log.exception('A new token could not be got')
            raise LiveError('A new token could not be got. It is tried again.', code='unavailable') from error
        self.check(found)
        return found if found != self.value else None

    def check(self, other: str) -> None:
        """:raises LiveError: the other token names another user, whose board is nothing for who follows this one's."""
        mine, theirs = whose(self.value), whose(other)
        if mine != theirs and (mine != self.value and theirs != other):
            raise LiveError('This token is of another user. Disconnect, then connect with it.', code='invalid_token')


def whose(token: str) -> str:
    """The user a token names, read without proof: the server checks it. Of anything else the token itself."""
    try:
        payload = token.split('.')[1]
        subject = json.loads(base64.urlsafe_b64decode(payload + '=' * (-len(payload) % 4)))['sub']
    except (IndexError, KeyError, TypeError, ValueError):
        return token
    return f'user {subject}'
