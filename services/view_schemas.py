"""What REST takes and answers about saved views."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, RootModel

from services.protocol_requests import Filter
from services.query import DateRange
from services.saved_views import LONGEST_NAME
from services.schemas import Payload

EXAMPLE_VIEW: dict[str, Any] = {
    'id': '1795420800000000',
    'name': 'Northern accounts',
    'query': {'range': '30d', 'risk': ['medium', 'high'], 'q': 'north'},
}

Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]


class ViewQuery(Filter):
    """The keys of a query as every other call takes them as parameters; empty for all predictions."""

    first: Annotated[date | None, Field(alias='from')] = None
    last: Annotated[date | None, Field(alias='to')] = None
    range: DateRange | None = None


class ViewAsk(BaseModel):
    """What is to be saved."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    name: Name
    """To know it by; unlike those of your other views, in any case."""
    query: ViewQuery


class ViewChange(BaseModel):
    """What is to change; what is left out stays."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    name: Name | None = None
    query: ViewQuery | None = None


class ViewData(Payload):
    """A saved view."""

    id: str
    name: str
    query: ViewQuery | None
    """``null``: it was saved by another release, and this one cannot read it."""


class ViewList(RootModel[tuple[ViewData, ...]]):
    """By name."""
