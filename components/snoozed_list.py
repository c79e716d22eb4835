from __future__ import annotations

from collections.abc import Sequence

from components.button import button
from components.customer_name import customer_name
from components.formats import count, day
from components.markup import Node, tag
from components.risk_chip import risk_chip
from components.table import table
from components.time_ago import time_ago
from services.schemas import SnoozedCustomer

COLUMNS = ('Churn risk', 'Customer', 'Until when, and why', 'Last scored')


def snoozed_list(items: Sequence[SnoozedCustomer], *, total: int, opened: bool) -> Node | None:
    """How many customers are left out of a list, and a button that shows them; nothing where nobody is.

    The button is the action ``snoozed``.

    :param items: the first of them, by risk.
    :param total: how many there are.
    """
    if not total:
        return None
    some = len(items) < total
    return tag(
        'div',
        'snoozed',
        button(
            f'{"Hide" if opened else "Show"} {count(total)} snoozed',
            'snoozed',
            kind='quiet',
            classes='snoozed-toggle',
            aria_expanded='true' if opened else 'false',
        ),
        table('Snoozed customers', COLUMNS, map(_row, items)) if opened else None,
        tag('p', 'quiet', f'The {len(items)} with the highest latest scores') if opened and some else None,
    )


def _row(item: SnoozedCustomer) -> Node:
    why = f': {item.snooze_reason}' if item.snooze_reason else ''
    return tag(
        'div',
        'row',
        risk_chip(item.risk_level, item.churn_score, classes='cell-risk', role='cell'),
        customer_name(item.customer_id, item.customer_name, classes='cell-customer', role='cell'),
        tag('span', 'cell-reasons', f'Snoozed until {day(item.snoozed_until)}{why}', role='cell'),
        time_ago(item.timestamp, classes='cell-time', role='cell'),
        role='row',
        key=item.customer_id,
    )
