"""What can go wrong for a caller, once: a stable code, a sentence, and the field it is about."""

from __future__ import annotations


class ChurnboardError(Exception):
    """A failure that may be shown to whoever caused it: no internals, no secrets.

    :param code: one of the public codes of the REST and Socket.IO contract.
    :param message: what happened and what to do, in one sentence.
    :param field: the request's field it is about.
    :param retry_after: seconds after which trying again makes sense.
    """

    code = 'unavailable'

    def __init__(self, message: str, *, field: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.retry_after = retry_after

    def payload(self) -> dict[str, object]:
        """The error as clients see it; absent parts are left out."""
        payload: dict[str, object] = {'code': self.code, 'message': self.message}
        if self.field is not None:
            payload['field'] = self.field
        if self.retry_after is not None:
            payload['retry_after'] = self.retry_after
        return payload


class InvalidRequest(ChurnboardError):
    code = 'invalid_request'


class InvalidCredentials(ChurnboardError):
    code = 'invalid_credentials'


class InvalidToken(ChurnboardError):
    """Says the same for every reason, so that a forger learns nothing."""

    code = 'invalid_token'

    def __init__(self) -> None:
        super().__init__('The token is missing, not valid or expired. Sign in again to get a new one.')


class Forbidden(ChurnboardError):
    code = 'forbidden'


class NotFound(ChurnboardError):
    code = 'not_found'


class TooLarge(ChurnboardError):
    code = 'too_large'


class RateLimited(ChurnboardError):
    code = 'rate_limited'


class Unavailable(ChurnboardError):
    code = 'unavailable'
