from __future__ import annotations

import pytest

from components.chart_layout import FILLS
from components.history_figure import FEW, score_history
from components.scorings import Scoring
from services.schemas import RiskLevel


def scorings(number: int) -> list[Scoring]:
    levels = (RiskLevel.LOW, RiskLevel.MEDIUM, RiskLevel.HIGH)
    return [
        Scoring(
            id=str(day),
            timestamp=f'2026-11-{day % 28 + 1:02}T08:00:00.000Z',
            local_time=f'2026-11-{day % 28 + 1:02}T09:00:00',
            score=0.2 + day % 3 * 0.3,
            level=levels[day % 3],
            change=None,
            reasons=('+a',),
            new_reasons=frozenset(),
            source='API',
        )
        for day in range(number, 0, -1)
    ]


@pytest.mark.parametrize('number', [0, 1, 3, FEW + 1])
def test_plotly_accepts_the_figure(number: int) -> None:
    from plotly.graph_objects import Figure as PlotlyFigure

    figure = score_history(scorings(number), medium=0.4, high=0.7)
    PlotlyFigure({'data': figure['data'], 'layout': figure['layout']}, skip_invalid=False)


def test_a_score_holds_until_the_next_one_in_the_users_own_time() -> None:
    (line,) = score_history(scorings(3), medium=0.4, high=0.7)['data']
    assert line['line']['shape'] == 'hv'
    assert line['x'] == ['2026-11-02T09:00:00', '2026-11-03T09:00:00', '2026-11-04T09:00:00']
    assert line['y'] == [50, 80, 20]
    assert line['customdata'] == ['◆ Medium\u00a050\u00a0%', '▲ High\u00a080\u00a0%', '● Low\u00a020\u00a0%']


def test_each_mark_has_colour_and_shape_of_its_band_and_the_bands_are_named() -> None:
    figure = score_history(scorings(3), medium=0.35, high=0.65)
    marker = figure['data'][0]['marker']
    assert marker['color'] == [FILLS[level] for level in (RiskLevel.MEDIUM, RiskLevel.HIGH, RiskLevel.LOW)]
    assert marker['symbol'] == ['diamond', 'triangle-up', 'circle']
    assert [(band['y0'], band['y1']) for band in figure['layout']['shapes']] == [(0, 35), (35, 65), (65, 100)]
    assert [name['text'] for name in figure['layout']['annotations']] == ['● Low', '◆ Medium', '▲ High']


def test_many_scores_are_a_line_without_marks() -> None:
    assert score_history(scorings(FEW), medium=0.4, high=0.7)['data'][0]['mode'] == 'lines+markers'
    assert score_history(scorings(FEW + 1), medium=0.4, high=0.7)['data'][0]['mode'] == 'lines'
