"""The board says what changed since its reader's last visit, and claims nothing it does not know."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from nicegui.testing import User

from app.pages.board_visit import moment_words
from app.pages.saving import UNEXPECTED
from app.pages.seldom import Seldom
from services.errors import Unavailable
from services.questions import BeingWorkedOut
from services.schemas import ChangesSince, MovedCustomer
from tests.ui.board_user import refresh, settled
from tests.ui.drawn import Drawn, page, press, presses
from tests.ui.fakes import FakeHub, FakeServices, at_risk


def moved(number: int, change: float | None) -> MovedCustomer:
    return MovedCustomer(**at_risk(number).model_dump(), change=change)


CHANGES = ChangesSince(
    since='2020-02-03T09:02:00.000Z',
    newly_high=30,
    recovered=1,
    moved=240,
    newly_high_customers=(moved(1, 0.164), moved(2, None)),
    recovered_customers=(moved(3, -0.4),),
    movers=(moved(3, -0.4), moved(1, 0.164)),
)


def line(user: User) -> list[str]:
    return [each.text for each in page(user).one('since-line').all() if each.tag in ('span', 'button')]


def toggle(user: User, name: str) -> Drawn:
    return page(user).one(f'since-{name}')


async def opened(user: User) -> None:
    await user.open('/')
    await settled()


async def test_in_a_first_visit_nothing_is_claimed(user: User) -> None:
    await opened(user)
    assert page(user).all('since-line') == []
    assert page(user).all('since-quiet') == []


async def test_what_changed_is_one_line_with_lists_behind_it(user: User, services: FakeServices) -> None:
    services.news.changes = CHANGES
    await opened(user)
    since = 'Since 3 Feb 2020 10:02:'
    assert line(user) == [since, '30 newly high', '1 recovered', '240 scores moved', 'Mark as seen']
    assert page(user).one('panel-since').one('panel-note').text == 'All customers, whatever the filters'
    assert page(user).all('since-list') == []

    press(user, 'part', 'high')
    rows = page(user).one('since-list').one('rows').all('row')
    assert [row.one('change').text for row in rows] == ['+16.4 points', 'new']
    assert rows[0].one('customer-name').attributes['href'] == '/customers/C-1'
    assert rows[0].one('reasons').text
    assert toggle(user, 'high').attributes['aria-expanded'] == 'true'
    assert 'The 2 with the highest scores' in page(user).one('since-list').text

    press(user, 'part', 'recovered')
    assert [each.text for each in page(user).one('since-list').all('change')] == ['−40 points']
    assert toggle(user, 'high').attributes['aria-expanded'] == 'false'
    press(user, 'part', 'recovered')
    assert page(user).all('since-list') == []


async def test_what_nobody_did_is_said_without_a_button(user: User, services: FakeServices) -> None:
    services.news.changes = ChangesSince(since=CHANGES.since, moved=1)
    await opened(user)
    assert line(user)[1:] == ['nobody newly high', 'nobody recovered', '1 score moved', 'Mark as seen']
    assert [each.text for each in page(user).one('since-line').all() if each.tag == 'button'] == ['Mark as seen']


async def test_where_nothing_changed_one_quiet_line_says_so(user: User, services: FakeServices) -> None:
    services.news.changes = ChangesSince(since=CHANGES.since)
    await opened(user)
    assert page(user).one('since-quiet').text == 'Nothing has changed since 3 Feb 2020 10:02.'


async def test_marked_as_seen_nothing_is_new(user: User, services: FakeServices) -> None:
    services.news.changes = CHANGES
    await opened(user)
    press(user, 'seen')
    await settled()
    assert page(user).one('since-quiet').text.startswith('Nothing has changed since ')


@pytest.mark.parametrize(
    ('error', 'why'),
    [
        (Unavailable('The database does not answer at the moment.'), 'The database does not answer at the moment.'),
        (ValueError('inside'), UNEXPECTED),
    ],
)
async def test_what_could_not_be_marked_as_seen_is_said_and_stays(
    user: User, services: FakeServices, error: Exception, why: str
) -> None:
    services.news.changes, services.news.now = CHANGES, 7
    await opened(user)
    before = line(user)
    assert page(user).one('since-problem').text == ''
    services.news.error = error
    press(user, 'seen')
    await settled()
    assert page(user).one('since-problem').text == f'Not marked as seen. {why}'
    press(user, 'part', 'high')
    await settled()
    assert page(user).one('since-problem').text == f'Not marked as seen. {why}', 'what is opened changes nothing of it'
    assert line(user) == before
    services.news.error = None
    press(user, 'seen')
    await settled()
    assert page(user).one('since-quiet').text.startswith('Nothing has changed since ')


async def test_while_the_data_stay_nobody_asks_again(
    user: User, services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.news.changes, services.news.now = CHANGES, 7
    await opened(user)
    await refresh(user)
    await refresh(user)
    assert services.news.asked == 1
    services.news.now = 8
    services.news.changes = CHANGES.model_copy(update={'newly_high': 31})
    await refresh(user)
    assert services.news.asked == 1, 'not at every beat of a stream of changes'
    monkeypatch.setattr(Seldom, 'take', lambda _self: True)  # some seconds later
    await refresh(user)
    assert '31 newly high' in line(user)
    assert services.news.asked == 2


async def test_what_takes_long_is_said_to_be_on_its_way_and_comes(user: User, services: FakeServices) -> None:
    services.news.error, services.news.now = BeingWorkedOut(), 7
    await opened(user)
    assert page(user).one('since-quiet').text == 'What changed since your last visit is being worked out.'
    services.news.error, services.news.changes = None, CHANGES
    await refresh(user)
    assert '30 newly high' in line(user)


async def test_a_failure_leaves_what_was_told_and_the_board_goes_on(user: User, services: FakeServices) -> None:
    services.news.changes = CHANGES
    await opened(user)
    services.news.error = Unavailable('The database does not answer at the moment.')
    await refresh(user)
    assert '30 newly high' in line(user)
    await user.should_not_see('does not answer')


async def test_an_empty_board_has_no_such_panel(user: User, hub: FakeHub, services: FakeServices) -> None:
    services.news.changes = ChangesSince(since=CHANGES.since)
    hub.empty()
    await opened(user)
    await user.should_not_see('Nothing has changed')
    assert presses(user, 'refresh')


@pytest.mark.parametrize(
    ('instant', 'words'),
    [
        ('2026-11-27T12:05+00:00', 'today 13:05'),
        ('2026-11-26T23:30+00:00', 'today 00:30'),
        ('2026-11-26T22:30+00:00', 'yesterday 23:30'),
        ('2026-11-24T13:02+00:00', 'Tuesday 14:02'),
        ('2026-11-21T13:02+00:00', 'Saturday 14:02'),
        ('2026-11-20T13:02+00:00', '20 Nov 14:02'),
        ('2025-11-24T13:02+00:00', '24 Nov 2025 14:02'),
    ],
)
def test_a_moment_is_named_as_people_name_it(instant: str, words: str) -> None:
    now = datetime(2026, 11, 27, 13, 0, tzinfo=UTC)
    assert moment_words(datetime.fromisoformat(instant), now=now, zone=ZoneInfo('Europe/Berlin')) == words
