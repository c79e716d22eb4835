"""Where a request comes from."""

from starlette.requests import Request


def client_address(request: Request) -> str:
    """The client's address, as a trusted proxy says it; empty where there is none, as on a Unix socket."""
    return request.client.host if request.client else ''
