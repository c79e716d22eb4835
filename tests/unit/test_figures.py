from __future__ import annotations

from datetime import date, timedelta

import pytest

from components.figures import FILLS, Figure, risk_over_time, score_distribution
from components.findings import distribution_finding, over_time_finding
from services.schemas import RiskDay, RiskLevel, ScoreBin

BANDS = (RiskLevel.LOW,) * 8 + (RiskLevel.MEDIUM,) * 6 + (RiskLevel.HIGH,) * 6
BINS = tuple(ScoreBin(lower=i / 20, upper=(i + 1) / 20, count=i, risk_level=BANDS[i]) for i in range(20))
DAYS = tuple(RiskDay(day=date(2026, 11, 1) + timedelta(days=i), high=31 + i, medium=5, low=9) for i in range(10))


@pytest.mark.parametrize(
    'figure',
    [
        score_distribution(BINS),
        score_distribution(()),
        risk_over_time(DAYS),
        risk_over_time(DAYS[:1]),
        risk_over_time(()),
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


def test_high_risk_is_at_the_bottom_of_the_stack() -> None:
    assert [trace['line']['color'] for trace in risk_over_time(DAYS)['data']] == ['#A50026', '#F4A11A', '#2C7BB6']


def test_equal_data_gives_equal_figures_so_that_nothing_is_sent() -> None:
    assert score_distribution(BINS) == score_distribution(tuple(BINS))
    assert risk_over_time(DAYS)['config'] == risk_over_time(DAYS[:2])['config']


def test_the_titles_say_what_the_charts_show() -> None:
    assert distribution_finding(BINS) == '52\u00a0% of 190 predictions are high risk'
    assert distribution_finding(BINS[:8]) == 'None of 28 predictions is high risk'
    assert distribution_finding(()) == 'No scores to show'
    assert over_time_finding(()) == 'No days to show'


def test_the_days_are_compared_with_all_their_customers() -> None:
    before = RiskDay(day=date(2026, 11, 1), high=20, medium=60, low=200)
    now = RiskDay(day=date(2026, 11, 2), high=170, medium=400, low=1_430)

    assert over_time_finding((now,)) == '170 of 2,000 (8\u00a0%) customers at high risk'
    assert over_time_finding((before, now)) == (
        '170 of 2,000 (8\u00a0%) customers at high risk, 20 of 280 (7\u00a0%) 1 day before'
    )
