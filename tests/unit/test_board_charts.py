"""What the charts of the board draw, and what they say of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from components.chart_layout import FILLS, Figure
from components.findings import (
    distribution_finding,
    distribution_sentence,
    retention_finding,
    retention_sentence,
    risk_finding,
    risk_sentence,
    volume_finding,
    volume_sentence,
)
from components.formats import NumberFormat, written_as
from components.retention_chart import LEAST, expected_retention
from components.risk_chart import risk_over_time
from components.score_chart import score_distribution
from components.volume_chart import predictions_a_day
from services.schemas import DayFigures, RiskDay, RiskLevel, ScoreBin

FIRST = date(2026, 11, 1)
TODAY = date(2026, 11, 23)
BANDS = (RiskLevel.LOW,) * 8 + (RiskLevel.MEDIUM,) * 6 + (RiskLevel.HIGH,) * 6
BINS = tuple(ScoreBin(lower=i / 20, upper=(i + 1) / 20, count=i, risk_level=BANDS[i]) for i in range(20))
RISKS = tuple(RiskDay(day=FIRST + timedelta(days=i), high=31 + i, medium=5, low=9) for i in range(10))


def days(*predictions: int, last: date = TODAY, retention: Sequence[float] = ()) -> tuple[DayFigures, ...]:
    first = last - timedelta(days=len(predictions) - 1)
    return tuple(
        DayFigures(
            day=first + timedelta(days=number),
            predictions=each,
            avg_churn_score=0.4 if each else None,
            high=each // 10,
            medium=each // 5,
            low=each - each // 10 - each // 5,
            retention_rate=retention[number] if retention else 60.0,
        )
        for number, each in enumerate(predictions)
    )


def spaces(text: str) -> str:
    return text.replace('\u00a0', ' ')


@pytest.mark.parametrize(
    'figure',
    [
        score_distribution(BINS),
        score_distribution(()),
        *(
            draw(part, span=None)
            for draw in (expected_retention, predictions_a_day)
            for part in (days(*range(90)), days(3, 4), days(3), ())
        ),
        *(risk_over_time(part, span=None) for part in (RISKS, RISKS[:2], RISKS[:1], ())),
    ],
)
def test_plotly_accepts_the_figure(figure: Figure) -> None:
    from plotly.graph_objects import Figure as PlotlyFigure

    PlotlyFigure({'data': figure['data'], 'layout': figure['layout']}, skip_invalid=False)


def test_every_bar_has_the_colour_of_its_band_and_none_is_lost() -> None:
    traces = score_distribution(BINS)['data']

    assert [trace['marker']['color'] for trace in traces] == [FILLS[level] for level in RiskLevel]
    assert sum(sum(trace['y']) for trace in traces) == sum(each.count for each in BINS)
    assert traces[0]['x'][0] == 2.5
    assert traces[0]['customdata'][0] == '0–5\u00a0%'
    assert traces[2]['customdata'][-1] == '95–100\u00a0%'


def test_high_risk_is_at_the_bottom_of_the_stacks() -> None:
    lines = [trace['line']['color'] for trace in risk_over_time(RISKS, span=None)['data']]
    bars = predictions_a_day(days(100, 50), span=None)['data']
    assert lines == [trace['marker']['color'] for trace in bars] == ['#A50026', '#F4A11A', '#2C7BB6']
    assert [trace['y'] for trace in bars] == [[10, 5], [20, 10], [70, 35]]


@pytest.mark.parametrize('draw', [expected_retention, predictions_a_day])
def test_time_is_zoomed_along_and_the_zoom_kept_while_the_same_days_are_asked_for(draw: Any) -> None:
    week, later, month = (
        draw(days(*range(length)), span=span)['layout'] for length, span in ((7, 'a'), (8, 'a'), (30, 'b'))
    )
    assert (week['dragmode'], week['xaxis']['fixedrange'], week['yaxis']['fixedrange']) == ('zoom', False, True)
    assert week['xaxis']['uirevision'] == later['xaxis']['uirevision'] != month['xaxis']['uirevision']
    assert 'range' not in week['xaxis'], 'or it would seem zoomed'


@pytest.mark.parametrize('draw', [expected_retention, predictions_a_day])
def test_a_single_day_stands_in_the_middle_and_cannot_be_zoomed(draw: Any) -> None:
    axis = draw(days(5), span=None)['layout']['xaxis']
    assert axis['fixedrange']
    assert axis['range'] == ['2026-11-22 06:00', '2026-11-23 18:00']
    assert axis['tickvals'] == ['2026-11-23']


def test_one_day_of_risk_is_a_bar_as_an_area_of_one_day_has_no_width() -> None:
    assert {trace['type'] for trace in risk_over_time(RISKS[:1], span=None)['data']} == {'bar'}
    assert {trace['type'] for trace in risk_over_time(RISKS[:2], span=None)['data']} == {'scatter'}


@pytest.mark.parametrize(
    ('rates', 'shown'),
    [
        ((61.2, 61.3), [56, 67]),
        ((50.0, 70.0), [49, 71]),
        ((99.9, 100.0), [90, 100]),
        ((0.0, 0.2), [0, 10]),
        ((0.0, 100.0), [0, 100]),
    ],
)
def test_small_changes_of_retention_look_small(rates: tuple[float, float], shown: list[int]) -> None:
    found = expected_retention(days(1, 1, retention=rates), span=None)['layout']['yaxis']['range']
    assert found == shown
    assert found[1] - found[0] >= LEAST


def test_equal_data_gives_equal_figures_so_that_nothing_is_sent() -> None:
    assert score_distribution(BINS) == score_distribution(tuple(BINS))
    assert risk_over_time(RISKS, span=None)['config'] == risk_over_time(RISKS[:2], span='7d')['config']


def test_the_titles_say_what_the_charts_show() -> None:
    assert spaces(distribution_finding(BINS)) == '52 % of 190 predictions are high risk'
    assert distribution_finding(BINS[:8]) == 'None of 28 predictions is high risk'
    assert spaces(distribution_sentence(BINS)) == (
        '99 high, 63 medium and 28 low risk. The most frequent scores are from 95 to 100 %: 19 predictions.'
    )


def test_where_there_is_nothing_the_titles_say_so() -> None:
    assert distribution_finding(()) == distribution_finding(days_of_nothing()) == 'No scores to show'
    assert risk_finding(()) == retention_finding(()) == volume_finding((), today=TODAY) == 'No days to show'
    assert {risk_sentence(()), retention_sentence(()), volume_sentence((), today=TODAY)} == {''}


def days_of_nothing() -> tuple[ScoreBin, ...]:
    return tuple(replace(each, count=0) for each in BINS)


def test_risk_is_compared_with_all_its_customers_and_in_points() -> None:
    before = RiskDay(day=date(2026, 11, 1), high=20, medium=60, low=200)
    now = RiskDay(day=date(2026, 11, 2), high=170, medium=400, low=1_430)

    assert spaces(risk_finding((now,))) == '8 % of customers are at high risk'
    assert spaces(risk_finding((before, now))) == (
        '8 % of customers are at high risk, 1.4 percentage points more than 1 day earlier'
    )
    assert risk_sentence((before, now)) == (
        '170 of 2,000 customers are at high risk as of 2 Nov 2026. '
        'The share was lowest on 1 Nov 2026 (20 of 280) and highest on 2 Nov 2026 (170 of 2,000).'
    )
    assert risk_sentence((now,)) == (
        '170 of 2,000 customers are at high risk as of 2 Nov 2026, the first day with data.'
    )


@pytest.mark.parametrize(
    ('before', 'now', 'words'),
    [
        (60.0, 61.25, '61.2 % of customers are expected to stay, 1.2 percentage points more than 2 days earlier'),
        (62.25, 61.25, '61.2 % of customers are expected to stay, 1 percentage point less than 2 days earlier'),
        (61.21, 61.25, '61.2 % of customers are expected to stay, about the same as 2 days earlier'),
        (61.25, 61.25, '61.2 % of customers are expected to stay, the same as 2 days earlier'),
    ],
)
def test_retention_is_compared_in_percentage_points(before: float, now: float, words: str) -> None:
    assert spaces(retention_finding(days(1, 0, 1, retention=(before, 61, now)))) == words


def test_retention_tells_its_extremes() -> None:
    assert spaces(retention_sentence(days(1, 0, 1, retention=(62.5, 58, 61)))) == (
        'By the latest score of every customer at the end of each day: '
        'lowest 58.0 % on 22 Nov 2026, highest 62.5 % on 21 Nov 2026.'
    )
    assert retention_sentence(days(1)) == 'By the scores of 23 Nov 2026, the first day with data.'


@pytest.mark.parametrize(
    ('found', 'words'),
    [
        (days(*[0] * 7, *[2] * 7, 1), '14 predictions in the 7 days to 22 Nov 2026, none in the 7 days before'),
        (
            days(9, *[1] * 7, *[200] * 7, 1),
            '1,400 predictions in the 7 days to 22 Nov 2026, more than the 7 in the 7 days before',
        ),
        (
            days(3, 3, 3, 1, 2, 3, 90),
            '6 predictions in the 3 days to 22 Nov 2026, fewer than the 9 in the 3 days before',
        ),
        (days(4, 4, 90), '4 predictions on 22 Nov 2026, as many as on the day before'),
        (days(1, 90), '90 predictions on 23 Nov 2026'),
        (days(1), '1 prediction on 23 Nov 2026'),
        (
            days(3, 5, last=date(2026, 10, 8)),
            '5 predictions on 8 Oct 2026, more than the 3 on the day before',
        ),
    ],
)
def test_volume_compares_days_that_are_over_with_as_many_before(found: tuple[DayFigures, ...], words: str) -> None:
    assert volume_finding(found, today=TODAY) == words


def test_volume_tells_the_sum_and_the_busiest_day() -> None:
    assert volume_sentence(days(5, 0, 7, 2), today=TODAY) == (
        '14 predictions in 4 days, none on 1 of them. The most on 22 Nov 2026: 7. So far today: 2.'
    )
    assert volume_sentence(days(5, 7, last=date(2026, 10, 8)), today=TODAY) == (
        '12 predictions in 2 days. The most on 8 Oct 2026: 7.'
    )


def test_numbers_are_written_as_the_reader_writes_them() -> None:
    with written_as(NumberFormat(decimal=',', group='.')):
        assert spaces(retention_finding(days(1, 1, retention=(60.0, 61.5)))) == (
            '61,5 % of customers are expected to stay, 1,5 percentage points more than 1 day earlier'
        )
        assert volume_sentence(days(5_000, 7), today=TODAY).startswith('5.007 predictions')
        assert predictions_a_day(days(1, 2), span=None)['layout']['separators'] == ',.'


@pytest.mark.parametrize(
    ('high', 'low', 'finding', 'sentence'),
    [
        (0, 1, 'The only customer is not at high risk', 'The only customer is not at high risk as of 1 Nov 2026'),
        (1, 0, 'The only customer is at high risk', 'The only customer is at high risk as of 1 Nov 2026'),
        (0, 5, 'No customer is at high risk', 'None of 5 customers is at high risk as of 1 Nov 2026'),
        (1, 4, '20 % of customers are at high risk', '1 of 5 customers is at high risk as of 1 Nov 2026'),
        (5, 0, 'All customers are at high risk', 'All 5 customers are at high risk as of 1 Nov 2026'),
    ],
)
def test_none_one_and_all_customers_have_words_of_their_own(high: int, low: int, finding: str, sentence: str) -> None:
    first = RiskDay(day=date(2026, 11, 1), high=high, medium=0, low=low)
    assert spaces(risk_finding((first,))) == finding
    assert risk_sentence((first,)) == f'{sentence}, the first day with data.'
    same = (first, replace(first, day=date(2026, 11, 2)))
    assert spaces(risk_finding(same)) == f'{finding}, the same as 1 day earlier'
    assert risk_sentence(same).endswith('2 Nov 2026. The share was the same on every day.')


@pytest.mark.parametrize(
    ('counts', 'finding', 'sentence'),
    [
        ({0: 1}, 'The only prediction is not high risk', 'Its score is from 0 to 5 %.'),
        ({19: 1}, 'The only prediction is high risk', 'Its score is from 95 to 100 %.'),
        (
            {19: 3},
            'All 3 predictions are high risk',
            '3 high, 0 medium and 0 low risk. All scores are from 95 to 100 %.',
        ),
        ({0: 1, 1: 1}, 'None of 2 predictions is high risk', '0 high, 0 medium and 2 low risk.'),
        ({0: 1, 19: 1}, '50 % of 2 predictions are high risk', '1 high, 0 medium and 1 low risk.'),
    ],
)
def test_none_one_and_all_predictions_have_words_of_their_own(
    counts: dict[int, int], finding: str, sentence: str
) -> None:
    bins = tuple(replace(each, count=counts.get(number, 0)) for number, each in enumerate(BINS))
    assert spaces(distribution_finding(bins)) == finding
    assert spaces(distribution_sentence(bins)) == sentence


def test_days_without_predictions_are_no_number_of_them() -> None:
    idle = days(*[0] * 14, 1)
    assert volume_finding(idle, today=TODAY) == 'No predictions in the 7 days to 22 Nov 2026, nor in the 7 days before'
    assert volume_finding(days(0, 0, 0), today=TODAY) == 'No predictions on 22 Nov 2026, nor on the day before'
    assert volume_finding(days(*[2] * 7, *[0] * 7, 1), today=TODAY) == (
        'No predictions in the 7 days to 22 Nov 2026, fewer than the 14 in the 7 days before'
    )
    assert volume_sentence(days(0, 0), today=TODAY) == 'No predictions in 2 days. None so far today.'
    assert volume_sentence(days(1, 0), today=TODAY) == (
        '1 prediction in 2 days, none on 1 of them. The most on 22 Nov 2026: 1. None so far today.'
    )


def test_retention_that_never_changed_has_no_extremes() -> None:
    assert spaces(retention_sentence(days(1, 0, 1, retention=(58, 58, 58)))) == (
        'By the latest score of every customer at the end of each day: 58.0 % on every day.'
    )
