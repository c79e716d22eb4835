"""A page that nothing changed on asks for nothing, and says how fresh it is all the same."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from nicegui import Client, core
from nicegui.testing import User

from app.pages.seldom import Seldom
from services.errors import Unavailable
from tests.ui.board_user import one, refresh, settled, touched
from tests.ui.drawn import metric, press
from tests.ui.fakes import METRICS, FakeHub, FakeServices, FakeSnapshot, FakeZoneState, more

REVISION = 7


@pytest.fixture
async def standing(user: User, hub: FakeHub, services: FakeServices) -> FakeHub:
    """The board is open, and all of it stands."""
    services.news.now, hub.state = REVISION, FakeZoneState(time_zone=hub.time_zone)
    answers: list[FakeSnapshot] = []
    answer = hub.snapshot

    async def noting(user_id: int, query: Any) -> FakeSnapshot:
        answers.append(await answer(user_id, query))
        return answers[-1]

    hub.snapshot = noting  # type: ignore[method-assign]
    await user.open('/')
    await refresh(user)
    hub.standing = replace(answers[-1], as_of=answers[-1].as_of + timedelta(minutes=1))
    return hub


async def all_sent(client: Client) -> None:
    """What was shown before is not waiting any more."""
    while client.outbox.updates:  # noqa: ASYNC110 -- nothing tells it
        await asyncio.sleep(0.01)


def as_of(user: User) -> str:
    return str(one(user, 'connection').props['data-as-of'])


async def test_nothing_is_asked_for_and_the_time_is_told(
    user: User, standing: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, before = len(standing.queries), as_of(user)
    assert user.client
    await all_sent(user.client)
    elements, told = touched(user.client, monkeypatch), []

    async def emit(*said: object, room: str) -> None:
        told.append((room, *said))

    monkeypatch.setattr(core.sio, 'emit', emit)
    await refresh(user)
    assert len(standing.queries) == asked
    assert before < as_of(user)
    assert told == [(user.client.id, 'as_of', as_of(user))]
    assert list(elements) == []
    await refresh(user)
    assert len(told) == 1, 'the time is the same'


async def test_another_state_of_the_user_is_looked_at_whole(user: User, standing: FakeHub) -> None:
    """Charts and lists may have been read before what the numbers know already."""
    asked = len(standing.queries)
    standing.state = FakeZoneState(time_zone=standing.time_zone)
    standing.metrics = more(METRICS, high_risk_predictions=9)
    await refresh(user)
    assert len(standing.queries) == asked + 1
    assert metric(user, 'high_risk_predictions') == '9'


async def test_other_contents_are_shown(user: User, standing: FakeHub) -> None:
    assert standing.standing
    standing.standing = replace(standing.standing, contents=object())
    standing.metrics = more(METRICS, high_risk_predictions=9)
    await refresh(user)
    assert metric(user, 'high_risk_predictions') == '9'


async def test_after_a_failure_all_is_asked_for(user: User, standing: FakeHub) -> None:
    state, standing.state = standing.state, FakeZoneState(time_zone=standing.time_zone)
    standing.error = Unavailable('The database is away.')
    await refresh(user)
    await user.should_see('The database is away.')
    standing.state, standing.error = state, None
    await refresh(user)
    await user.should_not_see('The database is away.')


async def test_a_filter_that_was_taken_back_leaves_nothing_busy(user: User, standing: FakeHub) -> None:
    asked = len(standing.queries)
    for _ in range(2):
        press(user, 'risk', 'high')
        await settled()
    assert len(standing.queries) == asked + 2
    await refresh(user)
    slot = one(user, 'metrics').parent_slot
    assert slot is not None
    assert 'busy' not in slot.parent.classes


async def test_what_changed_since_the_last_visit_is_asked_for_where_the_numbers_stand(
    user: User, standing: FakeHub, services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, before = len(standing.queries), services.news.asked
    services.news.now = REVISION + 1
    monkeypatch.setattr(Seldom, 'take', lambda _self: True)  # some seconds later
    await refresh(user)
    assert services.news.asked == before + 1
    assert len(standing.queries) == asked
