"""The board's one polite line."""

from __future__ import annotations

from dataclasses import replace

from nicegui.testing import User

from services.schemas import Charts
from tests.ui.board_user import one, refresh, text
from tests.ui.drawn import page
from tests.ui.fakes import ALERT, FakeHub

LIVE = ('status', 'alert', 'log', 'timer')


def with_high(charts: Charts, high: int) -> Charts:
    *before, last = charts.risk_over_time
    return charts.model_copy(update={'risk_over_time': (*before, replace(last, high=high))})


async def test_the_line_is_empty_at_first_and_tells_what_changed_once(user: User, hub: FakeHub) -> None:
    hub.alerts = ()
    await user.open('/')
    assert one(user, 'summary').props['role'] == 'status'
    assert text(user, 'summary') == ''
    high = hub.board_charts.risk_over_time[-1].high

    hub.board_charts = with_high(hub.board_charts, high + 2)
    hub.alerts = (replace(ALERT, id='8'),)
    await refresh(user)
    said = f'Critical alert: {ALERT.message} 2 more customers at high risk: {high + 2} now.'
    assert text(user, 'summary') == said

    hub.board_charts = with_high(hub.board_charts, high + 5)
    await refresh(user)
    assert text(user, 'summary') == said, 'not again within half a minute'


async def test_numbers_that_tick_are_in_no_live_region(user: User, hub: FakeHub) -> None:
    await user.open('/')
    drawn = page(user).one('metrics')
    assert [each for each in drawn.all() if each.attributes.get('role') in LIVE or 'aria-live' in each.attributes] == []
    element = one(user, 'metrics')
    while element.parent_slot:
        assert element.props.get('role') not in LIVE
        assert element.props.get('aria-live') in (None, 'off')
        element = element.parent_slot.parent
