"""The list of customers at risk: its orders, its pages, what they are worth, and rows that stay where they are."""

from __future__ import annotations

import asyncio
import random

import pytest
from nicegui.testing import User
from nicegui.testing.user_interaction import UserInteraction

from components.at_risk_list import AtRiskList
from components.held_order import in_place, moves
from services.errors import Unavailable
from services.questions import BeingWorkedOut
from services.schemas import AtRiskCustomer, RevenueAtRisk
from tests.ui.board_user import refresh, settled
from tests.ui.customers_at_risk import BY_CHANGE, EVERYBODY, ask, changed, ids, note, opened, rows, said
from tests.ui.drawn import page, press, pressed
from tests.ui.fakes import FakeHub, FakeServices, at_risk, charts


async def pointer(user: User, event: str) -> None:
    panels = {each for each in user.find(kind=AtRiskList).elements}
    UserInteraction(user=user, elements=panels, target=None).trigger(event)
    await settled()


# --- order and pages


async def test_each_customer_has_its_change_in_points(user: User, hub: FakeHub) -> None:
    some = (changed(1, 0.164), changed(2, -0.05), changed(3, 0.0), changed(4, None))
    hub.board_charts = charts().model_copy(update={'at_risk': some})
    await opened(user)
    cells = page(user).one('at-risk').all('change')
    assert [cell.text for cell in cells] == ['+16.4 points', '−5 points', 'no change', 'new']
    assert ['change-bad' in cells[0].classes, 'change-good' in cells[1].classes] == [True, True]
    assert page(user).one('at-risk').one('table-head').all()[2].text == '7 days'


async def test_under_a_filter_nobody_is_called_new(user: User, hub: FakeHub) -> None:
    hub.board_charts = charts().model_copy(update={'at_risk': (changed(4, None),)})
    await user.open('/?risk=high')
    await settled()
    assert page(user).one('at-risk').one('change').text == '–'


async def test_the_reader_chooses_the_order(user: User, many: FakeServices) -> None:
    await opened(user)
    assert rows(user) == ids(EVERYBODY[:20])
    assert pressed(user, 'order', 'risk')
    await ask(user, 'order', 'change')
    assert rows(user) == ids(BY_CHANGE[:20])
    assert pressed(user, 'order', 'change')
    await refresh(user)
    assert rows(user) == ids(BY_CHANGE[:20]), 'it stays'
    await ask(user, 'order', 'risk')
    assert rows(user) == ids(EVERYBODY[:20])


@pytest.mark.parametrize(('order', 'everybody'), [('risk', EVERYBODY), ('change', BY_CHANGE)])
async def test_all_customers_are_reached_page_by_page(
    user: User, many: FakeServices, order: str, everybody: tuple[AtRiskCustomer, ...]
) -> None:
    await opened(user)
    if order == 'change':
        await ask(user, 'order', order)
    pages, places = [rows(user)], [page(user).one('at-risk-place').text]
    for _ in range(2):
        await ask(user, 'later')
        pages.append(rows(user))
        places.append(page(user).one('at-risk-place').text)
    assert pages == [ids(everybody[:20]), ids(everybody[20:40]), ids(everybody[40:])]
    assert places == ['1–20 of 45', '21–40 of 45', '41–45 of 45']
    assert page(user).all('at-risk-later') == []
    await ask(user, 'earlier')
    assert rows(user) == pages[1]
    await ask(user, 'earlier')
    assert rows(user) == pages[0]
    assert page(user).all('at-risk-earlier') == []


async def test_while_nothing_changed_no_page_is_read_again(user: User, many: FakeServices) -> None:
    many.news.now = 7
    await opened(user)
    await ask(user, 'order', 'change')
    await refresh(user)
    asked = len(many.customers.asked)
    await refresh(user)
    await refresh(user)
    assert len(many.customers.asked) == asked
    many.news.now = 8
    await refresh(user)
    assert len(many.customers.asked) == asked + 1


async def test_another_filter_begins_with_the_first_page(user: User, many: FakeServices) -> None:
    await opened(user)
    await ask(user, 'later')
    await ask(user, 'risk', 'high')
    assert rows(user) == ids(EVERYBODY[:20])


async def test_a_list_that_has_become_short_begins_with_its_first_page(user: User, many: FakeServices) -> None:
    await opened(user)
    await ask(user, 'later')
    many.hub.everybody = EVERYBODY[:5]
    many.hub.board_charts = charts().model_copy(update={'customers': 5, 'at_risk': EVERYBODY[:5]})
    await refresh(user)
    assert rows(user) == ids(EVERYBODY[:5])
    assert page(user).all('at-risk-pages') == []


async def test_what_takes_long_is_said_and_comes(user: User, many: FakeServices) -> None:
    await opened(user)
    many.customers.error = BeingWorkedOut()
    await ask(user, 'order', 'change')
    assert said(user) == ['The list is being worked out. It is here in a few seconds.']
    many.customers.error = None
    await refresh(user)
    assert (said(user), rows(user)) == ([], ids(BY_CHANGE[:20]))


async def test_what_cannot_be_read_is_said_and_the_rows_stay(user: User, many: FakeServices) -> None:
    await opened(user)
    many.customers.error = Unavailable('The database does not answer at the moment.')
    await ask(user, 'later')
    assert said(user) == ['The database does not answer at the moment.']
    assert rows(user) == ids(EVERYBODY[:20])


# --- what they are worth


@pytest.mark.parametrize(
    ('worth', 'told'),
    [
        ((12, 12, 340_000), '12 customers at high risk, 340,000 in account value'),
        ((12, 8, 340_000), '12 customers at high risk, 340,000 in account value of the 8 that have one'),
        ((1, 1, 0), '1 customer at high risk, 0 in account value'),
        ((12, 0, None), 'The 20 highest latest scores, of 45 customers'),
        ((0, 0, None), 'The 20 highest latest scores, of 45 customers'),
    ],
)
async def test_what_is_at_risk_is_told_where_values_are_known(
    user: User, many: FakeServices, worth: tuple[int, int, float | None], told: str
) -> None:
    high, valued, value = worth
    many.customers.worth = RevenueAtRisk(customers=high, with_value=valued, account_value=value)
    await opened(user)
    assert note(user) == told


async def test_what_came_with_the_charts_is_told_and_not_asked_for(user: User, many: FakeServices) -> None:
    many.customers.worth = RevenueAtRisk(customers=1, with_value=1, account_value=1)
    for value in (340_000, 350_000):  # not only the first time
        revenue = RevenueAtRisk(customers=12, with_value=12, account_value=value)
        many.hub.board_charts = many.hub.board_charts.model_copy(update={'revenue': revenue})
        await (refresh(user) if value == 350_000 else opened(user))
        assert note(user) == f'12 customers at high risk, {value:,} in account value'


# --- rows that stay


async def test_while_the_pointer_is_in_the_list_no_row_moves_and_numbers_follow(user: User, many: FakeServices) -> None:
    await opened(user)
    await pointer(user, 'pointerenter')
    risen = EVERYBODY[7].model_copy(update={'churn_score': 0.99})
    new = at_risk(99)
    many.hub.board_charts = many.hub.board_charts.model_copy(
        update={'at_risk': (risen, new, *EVERYBODY[:7], *EVERYBODY[8:19])}
    )
    await refresh(user)
    assert rows(user) == ids(EVERYBODY[:20])
    assert '99' in page(user).one('at-risk').one('rows').all('row')[7].text
    assert page(user).one('at-risk-apply').text == '2 changes · Apply'
    await ask(user, 'apply')
    now = ['C-7', 'C-99', *ids(EVERYBODY[:7]), *ids(EVERYBODY[8:19])]
    assert rows(user) == now
    assert page(user).all('at-risk-apply') == []


async def test_who_leaves_the_list_sees_it_in_order(user: User, many: FakeServices) -> None:
    await opened(user)
    await pointer(user, 'pointerenter')
    await pointer(user, 'focusin')
    many.hub.board_charts = many.hub.board_charts.model_copy(update={'at_risk': EVERYBODY[19::-1]})
    await refresh(user)
    await pointer(user, 'pointerleave')
    assert rows(user) == ids(EVERYBODY[:20]), 'the focus is still there'
    await pointer(user, 'focusout')
    assert rows(user) == ids(EVERYBODY[19::-1])


async def test_what_the_reader_asks_for_comes_at_once(user: User, many: FakeServices) -> None:
    await opened(user)
    await pointer(user, 'pointerenter')
    await ask(user, 'order', 'change')
    assert rows(user) == ids(BY_CHANGE[:20])
    await ask(user, 'later')
    assert rows(user) == ids(BY_CHANGE[20:40])
    await ask(user, 'risk', 'high')
    assert rows(user) == ids(BY_CHANGE[:20])
    assert page(user).all('at-risk-apply') == []


async def test_a_beat_that_overtakes_the_reader_brings_what_was_asked_for(user: User, many: FakeServices) -> None:
    await opened(user)
    await ask(user, 'later')
    await pointer(user, 'pointerenter')
    many.customers.go = asyncio.Event()
    press(user, 'later')
    await settled()
    press(user, 'refresh')
    await settled()
    many.customers.go.set()
    await settled()
    assert rows(user) == ids(EVERYBODY[40:])
    assert page(user).all('at-risk-apply') == []


@pytest.mark.parametrize(
    ('shown', 'latest', 'number'),
    [
        ('abcd', 'abcd', 0),
        ('abcd', 'dabc', 1),
        ('abcd', 'bcda', 1),
        ('abcd', 'dcba', 3),
        ('abcd', 'xabc', 1),
        ('abcd', 'xyab', 2),
        ('abcd', 'abc', 1),
        ('abc', 'abcd', 1),
        ('', 'ab', 2),
        ('abcd', 'wxyz', 4),
    ],
)
def test_moves_are_as_few_as_lead_from_one_order_to_the_other(shown: str, latest: str, number: int) -> None:
    named = {letter: at_risk(ord(letter)) for letter in 'abcdwxyz'}
    assert moves([named[letter] for letter in shown], [named[letter] for letter in latest]) == number


def test_rows_in_place_are_as_they_are_now() -> None:
    shown = [at_risk(number) for number in (1, 2, 3)]
    latest = [at_risk(number).model_copy(update={'churn_score': 0.5}) for number in (3, 2, 4)]
    random.Random(1).shuffle(latest)
    assert [(each.customer_id, each.churn_score) for each in in_place(shown, latest)] == [
        ('C-1', 0.94),
        ('C-2', 0.5),
        ('C-3', 0.5),
    ]
