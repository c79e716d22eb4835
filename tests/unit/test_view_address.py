from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.view_address import address_of, view_of
from app.view_state import ViewState
from services.query import DashboardQuery

GIVEN = {
    'risk': 'high,medium',
    'range': '30d',
    'q': 'Grün & Co',
    'min_score': '0.4',
    'max_score': '0.705',
    'source': 'a b.csv',
}


def test_an_address_brings_the_view_back() -> None:
    view = view_of(GIVEN)
    assert view.query == DashboardQuery.parse(GIVEN)
    assert view.typed == {'q': 'Grün & Co', 'min_score': '40', 'max_score': '70.5'}
    assert (view.risk, view.period, view.errors) == ({'high', 'medium'}, '30d', {})
    address = address_of(view.query)
    assert (
        address == '/?range=30d&risk=medium,high&q=Gr%C3%BCn%20%26%20Co&min_score=0.4&max_score=0.705&source=a%20b.csv'
    )


def test_days_are_a_period_of_their_own() -> None:
    view = view_of({'from': '2026-11-01', 'to': '2026-11-20', 'range': '7d'})
    assert (view.period, view.errors) == ('custom', {})
    assert view.query == DashboardQuery.parse({'from': '2026-11-01', 'to': '2026-11-20'})


def test_a_view_of_everything_is_the_bare_address() -> None:
    assert view_of({}) == ViewState()
    assert address_of(DashboardQuery()) == '/'
    assert address_of(DashboardQuery(), path='') == ''


@pytest.mark.parametrize(
    ('parameters', 'field'),
    [({'min_score': '7'}, 'min_score'), ({'max_score': 'x'}, 'max_score'), ({'from': 'yesterday'}, 'from')],
)
def test_what_an_address_cannot_ask_for_is_said_at_its_field_and_the_rest_holds(
    parameters: dict[str, str], field: str
) -> None:
    view = view_of({**parameters, 'q': 'acme'})
    assert list(view.errors) == [field]
    assert view.query == DashboardQuery(text='acme')


@pytest.mark.parametrize('parameters', [{'risk': 'extreme'}, {'range': '8d'}, {'utm_source': 'mail'}, {'q': ''}])
def test_what_has_no_field_is_left_out(parameters: dict[str, str]) -> None:
    assert view_of(parameters) == ViewState()


KEYS = st.sampled_from(['risk', 'range', 'q', 'min_score', 'max_score', 'source', 'from', 'to', 'x'])


@given(st.dictionaries(KEYS, st.text(max_size=400)))
def test_whatever_an_address_says_there_is_a_view_of_it(parameters: dict[str, str]) -> None:
    address_of(view_of(parameters).query)
