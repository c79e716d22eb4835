"""A view as the address of the page: it can be shared, and comes back with the back button and after a restart."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from urllib.parse import quote, urlencode

from app.list_place import ListPlace
from app.view_state import CUSTOM, PERIODS, SCORES, TYPED_DAYS, ViewState
from services.query import DashboardQuery
from services.schemas import RiskLevel

LONGEST = 300
"""Characters of a value that are looked at."""


def view_of(parameters: Mapping[str, str]) -> ViewState:
    """The view an address asks for, by the keys of the query as REST knows them.

    What cannot be used has the message of its field, as if it had been typed; what has no field is left out.
    """
    given = {key: value[:LONGEST] for key, value in parameters.items()}
    view = ViewState()
    view.risk = frozenset(given.get('risk', '').split(',')) & frozenset(RiskLevel)
    view.source = given.get('source') or None
    view.typed = {key: given[key] for key in ('q', *TYPED_DAYS) if given.get(key)}
    view.typed |= {key: _percent(given[key]) for key in SCORES if given.get(key)}
    if any(key in view.typed for key in TYPED_DAYS):
        view.period = CUSTOM
    elif given.get('range') in PERIODS:
        view.period = given['range']
    view.apply()
    return view


def address_of(query: DashboardQuery, *, path: str = '/', place: ListPlace = ListPlace()) -> str:
    """The path and query string under which a page shows a query.

    :param place: where its list of customers at risk is.
    """
    values = parameters_of(query) | place.parameters
    return f'{path}?{urlencode(values, quote_via=quote, safe=",")}' if values else path


def parameters_of(query: DashboardQuery) -> dict[str, str]:
    """What :func:`view_of` reads back."""
    return {key: ','.join(value) if isinstance(value, list) else str(value) for key, value in query.public().items()}


def _percent(score: str) -> str:
    """As it is typed; what is no number is shown as it came."""
    try:
        return f'{(Decimal(score) * 100).normalize():f}'
    except InvalidOperation:
        return score
