from __future__ import annotations

import pytest

from app.list_place import MOST, ListPlace
from app.view_address import address_of
from services.query import DashboardQuery


@pytest.mark.parametrize(
    ('place', 'address'),
    [
        (ListPlace(), '/?q=acme'),
        (ListPlace(order='change'), '/?q=acme&sort=change'),
        (ListPlace(page=3), '/?q=acme&page=3'),
        (ListPlace(order='change', page=MOST), f'/?q=acme&sort=change&page={MOST}'),
        (ListPlace(page=MOST + 1), '/?q=acme'),
    ],
)
def test_an_address_says_where_in_the_list_its_reader_is(place: ListPlace, address: str) -> None:
    assert address_of(DashboardQuery(text='acme'), place=place) == address
    assert ListPlace.of(place.parameters) == (place if place.page <= MOST else ListPlace())


@pytest.mark.parametrize('page', ['0', '-1', '1.5', '٣', ' 2', '101', '9' * 400, 'x', ''])
@pytest.mark.parametrize('sort', ['id', 'RISK', 'change,risk', ''])
def test_what_an_address_cannot_ask_for_is_left_out(page: str, sort: str) -> None:
    assert ListPlace.of({'page': page, 'sort': sort}) == ListPlace()
