"""The list of customers at risk, and those who are left out of it."""

from __future__ import annotations

from datetime import date

from nicegui.testing import User

from services.schemas import SnoozedCustomer
from tests.ui.board_user import refresh, settled
from tests.ui.drawn import page, press
from tests.ui.fakes import FakeHub, at_risk, charts


def snoozed(number: int, reason: str | None = None) -> SnoozedCustomer:
    return SnoozedCustomer(**at_risk(number).model_dump(), snoozed_until=date(2026, 12, number), snooze_reason=reason)


def list_note(user: User) -> str:
    return page(user).one('panel-at-risk').one('panel-note').text


async def test_where_nobody_is_snoozed_nothing_is_said_of_it(user: User) -> None:
    await user.open('/')
    await settled()
    assert list_note(user) == 'The 20 highest latest scores, of 584 customers'
    await user.should_not_see('snoozed')


async def test_how_many_are_snoozed_stands_beside_the_list_and_one_button_shows_them(user: User, hub: FakeHub) -> None:
    left_out = (snoozed(1, 'on <b>holiday'), snoozed(2))
    hub.board_charts = charts().model_copy(update={'snoozed': left_out, 'snoozed_customers': 40})
    await user.open('/')
    await settled()
    assert list_note(user) == 'The 20 highest latest scores, of 584 customers, 40 snoozed'
    assert page(user).one('snoozed-toggle').text == 'Show 40 snoozed'
    await user.should_not_see('on <b>holiday')

    press(user, 'snoozed')
    await settled()
    assert page(user).one('snoozed-toggle').attributes['aria-expanded'] == 'true'
    await user.should_see('Snoozed until 1 Dec 2026: on <b>holiday')
    await user.should_see('Snoozed until 2 Dec 2026')
    await user.should_see('The 2 with the highest latest scores')

    hub.board_charts = charts().model_copy(update={'snoozed': left_out[:1], 'snoozed_customers': 1})
    await refresh(user)
    assert page(user).one('snoozed-toggle').text == 'Hide 1 snoozed', 'it stays open'
    hub.board_charts = charts()
    await refresh(user)
    assert page(user).all('snoozed-toggle') == []


async def test_names_lead_to_the_customers_pages(user: User, hub: FakeHub) -> None:
    odd = at_risk(1).model_copy(update={'customer_id': 'a/b?c', 'customer_name': None})
    hub.board_charts = charts().model_copy(update={'at_risk': (odd,)})
    await user.open('/')
    await settled()
    links = {each.text: each.attributes['href'] for each in page(user).all() if each.tag == 'a'}
    assert links['a/b?c'] == '/customers/a%2Fb%3Fc'
    assert links['A-100'] == '/customers/A-100'
