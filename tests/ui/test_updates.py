"""Pause and rate: what the reader chose is kept, and what is held back is counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from nicegui import ui
from nicegui.testing import User, user_simulation

from app.pages.dashboard import dashboard_page
from app.pages.data import data_page
from app.pages.reader import PREFERENCES, with_preferences
from app.pages.updates import rate_words
from services.errors import Unavailable
from services.preferences import Preferences, UpdateInterval
from services.questions import BeingWorkedOut
from tests.ui.board_user import one, refresh, settled
from tests.ui.customers_at_risk import EVERYBODY, ask, ids, opened, rows, said
from tests.ui.drawn import enter, metric, missed, press, presses, updates_problem
from tests.ui.fakes import FakeHub, FakeIdentity, FakeServices, FakeSettings, more
from tests.ui.fakes_data import FakeDataServices, FakeUploads


@dataclass
class Reader:
    """Of a board, with the preferences it is opened with."""

    services: FakeServices
    preferences: Preferences

    @property
    def hub(self) -> FakeHub:
        return self.services.hub

    async def change(self, times: int = 1) -> None:
        """Something is committed."""
        for _ in range(times):
            number = self.hub.metrics.new_predictions_today + 1
            self.hub.metrics = more(self.hub.metrics, new_predictions_today=number)
            assert self.hub.on_change
            await self.hub.on_change()
        await settled()


@pytest.fixture
def reader(services: FakeServices) -> Reader:
    return Reader(services, Preferences())


@pytest.fixture
async def user(reader: Reader) -> AsyncIterator[User]:
    async def signed_in() -> None:
        scope = ui.context.client.request.scope
        scope['churnboard.identity'], scope[PREFERENCES] = FakeIdentity(), reader.preferences
        await dashboard_page(reader.services)()

    async with user_simulation(root=signed_in) as user:
        yield user


async def choose(user: User, rate: object) -> None:
    """What the browser sends when another rate is chosen."""
    enter(user, 'rate', rate)
    await settled()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 -- nothing tells it
            await asyncio.sleep(0.01)


def today(user: User) -> str:
    return metric(user, 'new_predictions_today')


def held(user: User) -> bool:
    return 'data-paused' in one(user, 'connection').props


async def test_what_comes_while_paused_is_counted_and_shown_on_resuming(user: User, reader: Reader) -> None:
    await user.open('/')
    press(user, 'pause')
    await settled()
    assert presses(user, 'pause').attributes['aria-pressed'] == 'true'
    assert missed(user) == ''
    await reader.change()
    assert missed(user) == '1 update while paused'
    await reader.change(2)
    assert missed(user) == '3 updates while paused'
    assert today(user) == '218'

    press(user, 'pause')
    await settled()

    assert today(user) == '221'
    assert missed(user) == ''
    assert not held(user)


async def test_what_was_held_back_can_be_looked_at_without_going_on(user: User, reader: Reader) -> None:
    await user.open('/')
    press(user, 'pause')
    await reader.change(2)
    press(user, 'missed')
    await settled()
    assert today(user) == '220'
    assert held(user)
    assert missed(user) == ''
    await reader.change()
    assert missed(user) == '1 update while paused'
    await refresh(user)
    assert today(user) == '221'
    assert missed(user) == ''


async def test_an_update_that_could_not_be_shown_is_still_counted(user: User, reader: Reader) -> None:
    await user.open('/')
    press(user, 'pause')
    await reader.change()
    reader.hub.error = Unavailable('The database does not answer.')
    await refresh(user)
    assert missed(user) == '1 update while paused'


async def test_pause_and_rate_are_kept(user: User, reader: Reader) -> None:
    await user.open('/')
    press(user, 'pause')
    await choose(user, '60')
    assert reader.services.preferences.kept == Preferences(paused=True, interval=UpdateInterval.MINUTE)
    assert one(user, 'connection').props['data-interval'] == '3600', 'no shorter than the beat'
    press(user, 'pause')
    await settled()
    assert reader.services.preferences.kept == Preferences(interval=UpdateInterval.MINUTE)


@pytest.mark.parametrize('rate', [None, 3, '', '7', {'x': 1}, ['5'], '5' * 10_000])
async def test_whatever_else_a_browser_says_changes_nothing(user: User, reader: Reader, rate: object) -> None:
    await user.open('/')
    await choose(user, rate)
    assert reader.services.preferences.kept == Preferences()


async def test_a_page_of_one_who_paused_shows_the_numbers_once_and_holds(user: User, reader: Reader) -> None:
    reader.preferences = Preferences(paused=True)
    await user.open('/')
    assert today(user) == '218'
    assert presses(user, 'pause').text == 'Resume'
    assert held(user)
    await reader.change()
    assert today(user) == '218'


async def test_a_held_page_that_could_show_nothing_yet_goes_on_trying(user: User, reader: Reader) -> None:
    reader.services = replace(reader.services, settings=FakeSettings(refresh_seconds=0.05))
    reader.preferences = Preferences(paused=True)
    reader.hub.error = Unavailable('The database does not answer.')
    await user.open('/')
    await asyncio.sleep(0.1)
    reader.hub.error = None
    await until(lambda: today(user) == '218')
    await reader.change()
    await asyncio.sleep(0.2)
    assert today(user) == '218'


async def test_a_held_page_brings_the_rows_its_reader_asked_for_once_they_are_worked_out(
    user: User, many: FakeServices, reader: Reader
) -> None:
    reader.services = replace(many, settings=FakeSettings(refresh_seconds=0.05))
    reader.preferences = Preferences(paused=True)
    await opened(user)
    many.customers.error = BeingWorkedOut()
    await ask(user, 'later')
    assert said(user) == ['The list is being worked out. It is here in a few seconds.']
    many.customers.error = None
    await until(lambda: rows(user) == ids(EVERYBODY[20:40]))
    await reader.change()
    await asyncio.sleep(0.2)
    assert today(user) == '218', 'and holds again'


async def test_switched_off_there_is_nothing_to_pause_and_changes_are_counted(user: User, reader: Reader) -> None:
    reader.preferences = Preferences(interval=UpdateInterval.OFF)
    await user.open('/')
    assert held(user)
    assert 'hidden' in presses(user, 'pause').classes
    await reader.change(2)
    assert missed(user) == '2 updates not shown'
    assert today(user) == '218'
    await choose(user, '5')
    assert today(user) == '220'
    assert 'hidden' not in presses(user, 'pause').classes


async def test_a_slower_page_shows_at_its_own_rhythm(
    reader: Reader, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    rhythm = [3600.0]
    monkeypatch.setattr(UpdateInterval, 'seconds', lambda _rate, _beat: rhythm[0])
    reader.services = replace(reader.services, settings=FakeSettings(refresh_seconds=0.02))
    reader.preferences = Preferences(interval=UpdateInterval.QUARTER_MINUTE)
    await user.open('/')
    await until(lambda: len(reader.hub.queries) > 1)  # when it is built, and when it is connected
    await reader.change()
    await asyncio.sleep(0.2)
    assert today(user) == '218'
    assert missed(user) == ''
    rhythm[0] = 0.1
    await until(lambda: today(user) == '219')


async def test_a_choice_that_cannot_be_kept_holds_and_says_so(user: User, reader: Reader) -> None:
    await user.open('/')
    reader.services.preferences.error = Unavailable('The database does not answer.')
    press(user, 'pause')
    await settled()
    assert held(user)
    assert updates_problem(user) == (
        'This holds for this page only: it could not be kept. The database does not answer.'
    )
    press(user, 'dismiss')
    await settled()
    assert updates_problem(user) == ''
    press(user, 'pause')
    await settled()
    assert updates_problem(user) != ''
    reader.services.preferences.error = None
    press(user, 'pause')
    await settled()
    assert updates_problem(user) == ''


async def test_a_fault_of_ours_is_told_too(user: User, reader: Reader, caplog: pytest.LogCaptureFixture) -> None:
    await user.open('/')
    reader.services.preferences.error = RuntimeError('secret')
    press(user, 'pause')
    await settled()
    assert 'secret' not in updates_problem(user)
    assert 'Something unexpected' in updates_problem(user)
    assert 'a preference could not be kept' in caplog.text
    caplog.clear()


async def test_the_data_page_counts_too(tmp_path: Path) -> None:
    services = FakeDataServices(uploads=FakeUploads(tmp_path))

    async def signed_in() -> None:
        ui.context.client.request.scope['churnboard.identity'] = FakeIdentity()
        await data_page(services)()

    async with user_simulation(root=signed_in) as user:
        await user.open('/')
        press(user, 'pause')
        await settled()
        await services.hub.change()
        await services.hub.change()
        await settled()
        assert missed(user) == '2 updates while paused'
        press(user, 'missed')
        await settled()
        assert missed(user) == ''


def test_therate_words_are_told_as_they_are() -> None:
    assert list(rate_words(5).values()) == ['Every 5 s', 'Every 15 s', 'Every 60 s', 'Updates off']
    assert list(rate_words(20)) == ['5', '60', 'off']
    assert rate_words(20)['5'] == 'Every 20 s'


async def test_a_page_is_built_with_the_preferences_of_its_reader(services: FakeServices) -> None:
    asked: list[int] = []

    class Store:
        async def of(self, user_id: int) -> Preferences:
            asked.append(user_id)
            if len(asked) > 1:
                raise Unavailable('The database does not answer.')
            return Preferences(paused=True)

    async def signed_in() -> None:
        ui.context.client.request.scope['churnboard.identity'] = FakeIdentity()
        await with_preferences(Store(), dashboard_page(services))()

    async with user_simulation(root=signed_in) as user:
        await user.open('/')
        assert held(user)
        await user.open('/')
        assert not held(user), 'as a newcomer has it, where they cannot be read'
    assert asked == [1, 1]
