from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services import row_fields
from services.errors import InvalidRequest
from services.query import DashboardQuery, DateRange
from services.row_fields import FieldError
from services.schemas import RiskLevel

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ('values', 'query'),
    [
        ({}, DashboardQuery()),
        ({'from': '2026-11-01'}, DashboardQuery(first_day=date(2026, 11, 1))),
        ({'to': '2026-11-01'}, DashboardQuery(last_day=date(2026, 11, 1))),
        ({'from': '2026-11-23', 'to': '2026-11-23'}, DashboardQuery(first_day=TODAY, last_day=TODAY)),
        ({'range': 'today'}, DashboardQuery(range=DateRange.TODAY)),
        ({'range': '7d'}, DashboardQuery(range=DateRange.DAYS_7)),
        ({'range': 'all'}, DashboardQuery()),
        ({'risk': 'high'}, DashboardQuery(risk=(RiskLevel.HIGH,))),
        ({'risk': 'high, low'}, DashboardQuery(risk=(RiskLevel.LOW, RiskLevel.HIGH))),
        ({'risk': ['high', 'low', 'high']}, DashboardQuery(risk=(RiskLevel.LOW, RiskLevel.HIGH))),
        ({'risk': ['medium,high', 'low']}, DashboardQuery(risk=tuple(RiskLevel))),
        ({'q': 'ß%_'}, DashboardQuery(text='ß%_')),
        ({'q': ' '}, DashboardQuery(text=' ')),
        ({'q': 'x' * 100}, DashboardQuery(text='x' * 100)),
        ({'min_score': 0.4}, DashboardQuery(min_score=400_000)),
        ({'min_score': '0.4', 'max_score': '0.7'}, DashboardQuery(min_score=400_000, max_score=700_000)),
        ({'min_score': 0, 'max_score': 1}, DashboardQuery(min_score=0, max_score=1_000_000)),
        ({'min_score': '0.5', 'max_score': 0.5}, DashboardQuery(min_score=500_000, max_score=500_000)),
        ({'min_score': '1e-7'}, DashboardQuery(min_score=1)),
        ({'max_score': '0.9999999'}, DashboardQuery(max_score=999_999)),
        ({'source': 'scores.csv'}, DashboardQuery(source='scores.csv')),
        (dict.fromkeys(('from', 'to', 'range', 'risk', 'q', 'min_score', 'max_score', 'source')), DashboardQuery()),
    ],
)
def test_each_key_is_read(values: dict[str, Any], query: DashboardQuery) -> None:
    assert DashboardQuery.parse(values) == query


@pytest.mark.parametrize(
    ('key', 'values'),
    [
        ('form', {'form': '2026-11-01'}),
        ('Risk', {'Risk': 'high'}),
        ('first_day', {'first_day': '2026-11-01'}),
        ('from', {'from': '2026-11-24', 'to': '2026-11-23'}),
        ('range', {'range': '7d', 'from': '2026-11-01'}),
        ('range', {'range': '7d', 'to': '2026-11-01'}),
        ('range', {'range': 'all', 'from': '2026-11-01'}),
        *(
            ('to', {'to': day})
            for day in ('', '2026-11-31', '2026-1-1', '20261101', '2026-11-01T00:00:00Z', ' 2026-11-01', '2026-11-01\n')
        ),
        *(
            ('from', {'from': day})
            for day in ('1969-12-31', '2201-01-01', '٢٠٢٦-١١-٠١', '0000-01-01', 20261101, TODAY, [])
        ),
        *(('range', {'range': value}) for value in ('', '8d', '7D', 'ALL', 7, ['7d'], {})),
        *(('risk', {'risk': value}) for value in ('', [], (), ',', 'high,', 'HIGH', ['high', ''], 3, {'high': 1})),
        *(('risk', {'risk': value}) for value in ([1], ['high', None], ['low,high', 5], [['high']])),
        *(('q', {'q': value}) for value in ('', 'x' * 101, 'a\0b', '\ud800', 5, ['a'])),
        *(('source', {'source': value}) for value in ('', 'x' * 256, 'a\0b', 5)),
        *(
            ('min_score', {'min_score': value})
            for value in ('', 'NaN', 'inf', '-0.1', '1.000001', 'half', '0,5', [], {})
        ),
        *(
            ('min_score', {'min_score': value})
            for value in (float('nan'), float('inf'), 1e308, -1e-9, True, 10**300, '٣')
        ),
        *(('max_score', {'max_score': value}) for value in ('NaN', 1e308, 'sNaN', '0' * 200, '1E-9999999999999999999')),
        ('min_score', {'min_score': '0.6', 'max_score': '0.5'}),
    ],
    ids=ascii,
)
def test_a_value_that_cannot_be_meant_is_refused_and_its_key_named(key: str, values: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        DashboardQuery.parse(values)
    assert refused.value.field == key


@pytest.mark.parametrize('score', ['٠.٥', '0_1', '+0.5', '-0', '0x1', '0.5f', '1e-9999999'], ids=ascii)
def test_a_score_bound_is_written_as_a_score_is(score: str) -> None:
    """In a file the same text is refused."""
    with pytest.raises(FieldError):
        row_fields.score(score)
    with pytest.raises(InvalidRequest) as refused:
        DashboardQuery.parse({'min_score': score})
    assert refused.value.field == 'min_score'


def test_the_error_of_an_unknown_key_lists_those_that_are_known() -> None:
    with pytest.raises(InvalidRequest, match='from, to, range, risk, q, min_score, max_score, source'):
        DashboardQuery.parse({'sort': 'score'})


@pytest.mark.parametrize(
    ('range_', 'days'),
    [
        ('today', (TODAY, TODAY)),
        ('7d', (date(2026, 11, 17), TODAY)),
        ('30d', (date(2026, 10, 25), TODAY)),
        ('90d', (date(2026, 8, 26), TODAY)),
        ('all', (None, None)),
    ],
)
def test_a_range_ends_today(range_: str, days: tuple[date | None, date | None]) -> None:
    assert DashboardQuery.parse({'range': range_}).days(TODAY) == days


def test_equal_queries_are_one_key() -> None:
    written: list[dict[str, Any]] = [
        {'risk': 'high,low', 'min_score': '0.40', 'from': '2026-11-01'},
        {'from': '2026-11-01', 'min_score': 0.4, 'risk': ['low', 'high', 'low']},
    ]
    assert len({DashboardQuery.parse(values) for values in written}) == 1
    assert len({DashboardQuery.parse({'range': value}) for value in ('today', '7d', '30d', '90d', 'all')}) == 5


def test_replacing_the_filter_keeps_the_dates() -> None:
    query = DashboardQuery.parse({'from': '2026-11-01', 'to': '2026-11-05', 'risk': 'high', 'q': 'a', 'source': 's'})
    assert query.with_filter({'min_score': '0.5'}).public() == {
        'from': '2026-11-01',
        'to': '2026-11-05',
        'min_score': 0.5,
    }
    assert query.with_filter({}).public() == {'from': '2026-11-01', 'to': '2026-11-05'}
    assert DashboardQuery.parse({'range': '7d', 'q': 'a'}).with_filter({}).public() == {'range': '7d'}


def test_replacing_the_dates_keeps_the_filter() -> None:
    filters = {'risk': ['low', 'high'], 'q': 'a', 'min_score': 0.25, 'max_score': 0.75, 'source': 's'}
    query = DashboardQuery.parse({'from': '2026-11-01', **filters})
    assert query.with_dates({'range': '30d'}).public() == {'range': '30d', **filters}
    assert query.with_dates({'to': '2026-11-05'}).public() == {'to': '2026-11-05', **filters}
    assert query.with_dates({}).public() == filters


@pytest.mark.parametrize('key', ['from', 'to', 'range', 'sort'])
def test_a_filter_takes_no_dates(key: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        DashboardQuery().with_filter({key: '7d'})
    assert refused.value.field == key


@pytest.mark.parametrize('key', ['risk', 'q', 'min_score', 'max_score', 'source', 'sort'])
def test_dates_take_no_filter(key: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        DashboardQuery().with_dates({key: 'high'})
    assert refused.value.field == key


def test_a_refused_change_leaves_the_query_as_it_was() -> None:
    query = DashboardQuery.parse({'range': '7d', 'risk': 'high'})
    for change in (query.with_filter, query.with_dates):
        with pytest.raises(InvalidRequest):
            change({'risk': 'none', 'range': 'none'})
    assert query.public() == {'range': '7d', 'risk': ['high']}


def scores(low: str, high: str) -> st.SearchStrategy[str | float]:
    return st.one_of(st.decimals(low, high, places=7).map(str), st.floats(float(low), float(high)))


days = st.dates(min_value=date(1970, 1, 1), max_value=date(2200, 12, 31))


@st.composite
def accepted(draw: st.DrawFn) -> Mapping[str, Any]:
    """Values of every key that :meth:`DashboardQuery.parse` takes."""
    first = draw(days)
    dates: dict[str, Any] = draw(
        st.sampled_from(
            [
                {'range': draw(st.sampled_from(list(DateRange))).value},
                {'from': first.isoformat(), 'to': min(first + timedelta(days=9), date(2200, 12, 31)).isoformat()},
                {'from': first.isoformat()},
            ]
        )
    )
    text = st.text(st.characters(exclude_characters='\0', exclude_categories=['Cs']), min_size=1, max_size=100)
    values: dict[str, Any] = {
        'risk': draw(st.lists(st.sampled_from([level.value for level in RiskLevel]), min_size=1)),
        'q': draw(text),
        'min_score': draw(scores('0', '0.5')),
        'max_score': draw(scores('0.6', '1')),
        'source': draw(text),
    }
    kept = draw(st.sets(st.sampled_from(sorted(values))))
    return dates | {key: value for key, value in values.items() if key in kept}


@given(accepted())
def test_what_a_query_says_of_itself_reads_back_as_the_same_query(values: Mapping[str, Any]) -> None:
    query = DashboardQuery.parse(values)
    again = DashboardQuery.parse(query.public())
    assert (again, hash(again)) == (query, hash(query))


@pytest.mark.parametrize(
    ('low', 'high'),
    [
        ('0.1234561', '0.1234569'),
        ('0.0000001', '0.0000002'),
        ('0.9999991', '0.9999999'),
        ('1e-99999', 1e-300),
        ('0.1234565', '0.1234565'),
    ],
)
def test_bounds_between_two_millionths_read_back_too(low: str | float, high: str | float) -> None:
    query = DashboardQuery.parse({'min_score': low, 'max_score': high})
    assert query.min_score is not None and query.max_score is not None
    assert query.min_score == query.max_score + 1, 'nothing matches'
    assert DashboardQuery.parse(query.public()) == query
    assert DashboardQuery.parse({key: str(value) for key, value in query.public().items()}) == query
