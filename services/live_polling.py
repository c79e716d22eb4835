"""The board by REST, for a client that has no live connection."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

import aiohttp

from services.live_board import Board
from services.live_errors import LiveError

TIMEOUT = aiohttp.ClientTimeout(total=10)


class Polled(Enum):
    """What came of a poll that brought no board."""

    UNCHANGED = auto()
    UNREACHABLE = auto()


class LivePolling:
    """Asks ``GET /api/live-data``; what has not changed is not sent again."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http = http
        self._url = f'{url}/api/live-data'
        self._tag: tuple[Mapping[str, Any], str] | None = None

    async def poll(self, token: str, query: Mapping[str, Any]) -> Board | Polled:
        """
        :param query: the keys of filter and dates.
        :raises LiveError: the server refuses: ``invalid_token`` when the token is no longer good.
        """
        headers = {'Authorization': f'Bearer {token}'}
        if self._tag and self._tag[0] == query:
            headers['If-None-Match'] = self._tag[1]
        try:
            async with self._http.get(self._url, params=_parameters(query), headers=headers, timeout=TIMEOUT) as answer:
                if answer.status == 304:
                    return Polled.UNCHANGED
                body = await answer.json()
                if answer.status >= 500:
                    return Polled.UNREACHABLE
                if answer.status != 200:
                    raise LiveError.of(body['error'])
                self._tag = (dict(query), answer.headers.get('ETag', ''))
                board: Board = body['data']
                return board
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return Polled.UNREACHABLE
        except (LookupError, TypeError, AttributeError):  # JSON, but not the server's: something between has answered
            return Polled.UNREACHABLE


def _parameters(query: Mapping[str, Any]) -> dict[str, str]:
    return {key: ','.join(value) if isinstance(value, list) else str(value) for key, value in query.items()}
