"""What needs attention, and the room there is for it."""

from __future__ import annotations

from dataclasses import replace

from nicegui.testing import User

from components.alert_list import WIDE_ROOM
from tests.ui.board_user import refresh, settled
from tests.ui.drawn import Drawn, page
from tests.ui.fakes import ALERT, FakeHub


def panel(user: User) -> Drawn:
    return page(user).one('panel-alerts')


async def test_the_room_is_for_as_many_as_there_are_at_first_and_stays_whatever_starts_or_ends(
    user: User, hub: FakeHub
) -> None:
    first = tuple(replace(ALERT, id=str(number)) for number in range(3))
    for alerts, slots in ((first, 3), ((), 3), ((*first, ALERT), 3)):
        hub.alerts = alerts
        if alerts is first:
            await user.open('/')
            await settled()
        else:
            await refresh(user)
        assert len(panel(user).all('alert')) == len(alerts)
        assert len(panel(user).all('alert-slot')) == slots
    assert panel(user).one('alert-rows').attributes['tabindex'] == '0', 'what is more is scrolled to'


async def test_there_is_room_for_the_first_alerts_where_there_are_none(user: User, hub: FakeHub) -> None:
    hub.alerts = ()
    await user.open('/')
    await settled()
    assert panel(user).one('quiet').text == 'Nothing needs your attention.'
    assert len(panel(user).all('alert-slot')) == WIDE_ROOM


async def test_an_instant_in_a_message_is_written_by_the_browser_in_the_readers_zone(user: User, hub: FakeHub) -> None:
    hub.alerts = (replace(ALERT, message='No new predictions since 2026-11-20 08:05 UTC'),)
    await user.open('/')
    await settled()
    message = panel(user).one('alert-message')
    assert message.text == 'No new predictions since '
    (moment,) = message.all()
    assert moment.attributes['datetime'] == '2026-11-20T08:05:00Z'
    assert moment.attributes['data-moment'] == ''
