from __future__ import annotations

from components.addresses import customer_href
from components.markup import Node, tag


def customer_name(customer_id: str, name: str | None, *, classes: str = '', role: str | None = None) -> Node:
    """Who it is about: the name where one is known, and always the id. Leads to the customer's page."""
    return tag(
        'div',
        f'customer {classes}'.rstrip(),
        tag('a', 'customer-name', name or customer_id, href=customer_href(customer_id)),
        tag('span', 'customer-id', customer_id if name else ''),
        role=role,
    )
