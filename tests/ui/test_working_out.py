"""A filter that takes long: the page says so, keeps what it shows, and picks the numbers up by itself."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from nicegui.testing import User

from services.query import DashboardQuery
from services.questions import BeingWorkedOut
from tests.ui.board_user import one, one_hidden, refresh, settled, text
from tests.ui.drawn import metric, press
from tests.ui.fakes import METRICS, FakeHub, FakeServices, FakeSettings, FakeSnapshot, more

WORKED_OUT = 'This filter goes through all of your 5,000,000 predictions and is being worked out'
BEAT = 0.05


@pytest.fixture
def services(hub: FakeHub) -> FakeServices:
    return replace(FakeServices.of(hub), settings=FakeSettings(refresh_seconds=BEAT))


async def test_the_board_is_busy_and_not_broken_until_the_numbers_come(user: User, hub: FakeHub) -> None:
    await user.open('/')
    hub.error = BeingWorkedOut(5_000_000)
    press(user, 'risk', 'high')
    await settled()

    assert text(user, 'working').startswith(WORKED_OUT)
    assert is_busy(user)
    assert metric(user, 'high_risk_predictions') == '1,391'
    assert not one_hidden(user, 'error-banner').visible
    assert 'data-delayed' not in one(user, 'connection').props

    hub.error, hub.metrics = None, more(METRICS, high_risk_predictions=7)
    await tick()
    assert metric(user, 'high_risk_predictions') == '7'
    assert not is_busy(user)
    assert not one_hidden(user, 'working').visible


async def test_a_paused_board_still_shows_the_numbers_that_were_asked_for(user: User, hub: FakeHub) -> None:
    await user.open('/')
    press(user, 'pause')
    await settled()
    hub.error = BeingWorkedOut(5_000_000)
    press(user, 'risk', 'high')
    await settled()

    hub.error, hub.metrics = None, more(METRICS, high_risk_predictions=7)
    await tick()
    assert metric(user, 'high_risk_predictions') == '7'

    hub.metrics = more(METRICS, high_risk_predictions=8)
    await tick()
    assert metric(user, 'high_risk_predictions') == '7', 'and then it is paused again'


async def test_numbers_that_are_being_worked_out_anew_are_shown_as_the_last_known(user: User, hub: FakeHub) -> None:
    class Refreshing(FakeHub):
        async def snapshot(self, user_id: int, query: DashboardQuery) -> FakeSnapshot:
            snapshot = await FakeHub.snapshot(hub, user_id, query)
            return replace(snapshot, refreshing=True)

    await user.open('/')
    as_before: Any = hub.snapshot
    hub.snapshot = Refreshing().snapshot  # type: ignore[method-assign]
    await refresh(user)
    await user.should_see('These are the last known numbers of this filter. Newer ones are being worked out.')
    assert not is_busy(user)

    hub.snapshot = as_before  # type: ignore[method-assign]
    await refresh(user)
    assert not one_hidden(user, 'working').visible


def is_busy(user: User) -> bool:
    slot = one(user, 'metrics').parent_slot
    return slot is not None and 'busy' in slot.parent.classes


async def tick() -> None:
    """Some beats of the page."""
    await asyncio.sleep(6 * BEAT)
    await settled()
