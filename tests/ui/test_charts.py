from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
from nicegui import ui
from nicegui.testing import User

from components.chart_table import ChartTable, TableRow
from components.lazy_chart import LazyChart, Picture, Plot
from components.markup import Markup, nodes
from tests.ui.board_user import refresh, settled
from tests.ui.drawn import markups, page, press, presses
from tests.ui.fakes import FakeHub, charts

NAMES = ('scores', 'days', 'retention', 'volume')


async def toggle(user: User, name: str) -> None:
    press(user, 'table', name)
    await settled()


def button(user: User, name: str) -> dict[str, str]:
    return presses(user, 'table', name).attributes


def table(user: User, name: str) -> list[list[str]]:
    """What the rows of a chart's table say."""
    (chart,) = (e for e in markups(user) if f'finding-{name}' in str(e.tree))
    tables = [e for e in chart.descendants() if isinstance(e, ChartTable)]
    shown = [e.tree for table in tables for e in table.descendants() if isinstance(e, Markup)]
    rows = [children for tree in shown for name, _, children in nodes(tree) if name == 'tr']
    return [[''.join(cell[2]) for cell in cells] for cells in rows[1:]]


async def test_each_chart_has_a_title_that_says_what_it_shows_and_a_sentence(user: User) -> None:
    await user.open('/')
    assert page(user).one('finding-retention').text == (
        '60.1\u00a0% of customers are expected to stay, 1.9 percentage points less than 19 days earlier'
    )
    assert page(user).one('finding-volume').text == (
        '245 predictions in the 7 days to 20 Nov 2026, as many as in the 7 days before'
    )
    for name in NAMES:
        assert page(user).one(f'sentence-{name}').text


async def test_a_chart_is_a_table_when_asked_and_a_chart_again(user: User) -> None:
    await user.open('/')
    assert [table(user, name) for name in NAMES] == [[], [], [], []]

    await toggle(user, 'volume')
    assert button(user, 'volume')['aria-pressed'] == 'true'
    rows = table(user, 'volume')
    assert len(rows) == 20
    assert rows[0] == ['20 Nov 2026', '35', '24', '10', '1', '59.0\u00a0%'], 'newest first'
    assert table(user, 'retention') == []

    await toggle(user, 'volume')
    assert button(user, 'volume')['aria-pressed'] == 'false'
    assert table(user, 'volume') == []


async def test_a_table_follows_the_numbers_and_is_written_as_the_reader_writes(user: User, hub: FakeHub) -> None:
    user.http_client.headers['accept-language'] = 'de-DE'
    await user.open('/')
    await toggle(user, 'scores')
    await toggle(user, 'retention')
    assert table(user, 'retention')[0] == ['20 Nov 2026', '60,10\u00a0%']
    bins = charts().histogram
    hub.board_charts = charts().model_copy(update={'histogram': (*bins[:-1], replace(bins[-1], count=5_000))})
    await refresh(user)
    assert table(user, 'scores')[0] == ['95 to 100\u00a0%', 'High', '5.000', '93\u00a0%']


async def test_a_figure_is_made_only_while_somebody_can_see_it(user: User) -> None:
    made = []

    def figure() -> dict[str, object]:
        made.append(1)
        return {'data': [], 'layout': {}, 'config': {}}

    def picture() -> Picture:
        return Picture(of=object(), finding='', sentence='', figure=figure, rows=lambda: [TableRow('a', ('1', '2'))])

    @ui.page('/chart')
    def any_chart() -> None:
        LazyChart('Any', name='any', columns=('A', 'B')).show(picture())

    await user.open('/chart')
    assert user.client
    (chart,) = (e for e in user.client.elements.values() if isinstance(e, LazyChart))
    with user.client:
        chart.show(picture())
        assert made == [], 'it is not near'
        chart._near()
        assert len(made) == 1
        chart.show(picture())
        assert len(made) == 2
        await toggle(user, 'any')
        chart.show(picture())
        assert len(made) == 2, 'it is a table'
        await toggle(user, 'any')
        assert len(made) == 3


@pytest.mark.parametrize('name', NAMES)
async def test_the_key_of_a_chart_belongs_to_that_chart(user: User, name: str) -> None:
    await user.open('/')
    props = button(user, name)
    assert (props['data-key'], props['data-within'], props['aria-keyshortcuts']) == ('t', '.chart', 't')


async def test_a_figure_is_drawn_when_it_is_sent_and_an_unchanged_one_is_not_sent_again(user: User) -> None:
    def picture(*values: int) -> Picture:
        figure = {'data': [{'y': values}], 'layout': {}, 'config': {}}
        return Picture(of=values, finding='', sentence='', figure=lambda: figure, rows=list)

    @ui.page('/chart')
    def any_chart() -> None:
        LazyChart('Any', name='any', columns=('A', 'B')).show(picture(1))

    await user.open('/chart')
    assert user.client
    (chart,) = (e for e in user.client.elements.values() if isinstance(e, LazyChart))
    with user.client:
        chart._near()
        (plot,) = (e for e in user.client.elements.values() if isinstance(e, Plot))
        assert figure_of(plot)['data'] == [{'y': [1]}]
        user.client.outbox.updates.clear()
        chart.show(picture(1))
        assert plot.id not in user.client.outbox.updates
        chart.show(picture(1, 2))
        assert plot.id in user.client.outbox.updates
        assert figure_of(plot)['data'] == [{'y': [1, 2]}]
        assert 'options' not in plot.props, 'nobody keeps it'


def figure_of(plot: Plot) -> Any:
    """As it is sent."""
    return orjson.loads(orjson.dumps(plot._to_dict()['props']['options']))
