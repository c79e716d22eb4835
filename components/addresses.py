"""Where things are on this server."""

from __future__ import annotations

from urllib.parse import quote

CUSTOMERS = '/customers'
DOTS = ('.', '..')


def customer_href(customer_id: str) -> str:
    """The page of a customer, whatever its id holds."""
    if customer_id in DOTS:  # browsers take them out of a path, also where they are quoted
        return f'{CUSTOMERS}?id={customer_id}'
    return f'{CUSTOMERS}/{quote(customer_id, safe="")}'
