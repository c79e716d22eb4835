"""The order and the page of the list of customers at risk, as the address says them."""

from __future__ import annotations

import pytest
from nicegui.testing import User
from nicegui.testing.user_interaction import UserInteraction

from services.errors import Unavailable
from tests.ui.board_user import refresh, settled
from tests.ui.customers_at_risk import BY_CHANGE, EVERYBODY, ask, ids, opened, rows, said
from tests.ui.drawn import page, pressed
from tests.ui.fakes import FakeServices


async def test_an_address_opens_the_list_at_its_place(user: User, many: FakeServices) -> None:
    await opened(user, '/?sort=change&page=3')
    assert rows(user) == ids(BY_CHANGE[40:])
    assert pressed(user, 'order', 'change')
    assert page(user).one('at-risk-place').text == '41–45 of 45'
    await ask(user, 'earlier')
    assert rows(user) == ids(BY_CHANGE[20:40])
    await refresh(user)
    assert rows(user) == ids(BY_CHANGE[20:40]), 'it stays'


@pytest.mark.parametrize('path', ['/?page=9', '/?page=-2', '/?page=x&sort=name'])
async def test_an_address_of_no_page_opens_the_first(user: User, many: FakeServices, path: str) -> None:
    await opened(user, path)
    assert rows(user) == ids(EVERYBODY[:20])
    assert page(user).all('at-risk-earlier') == []


async def test_another_filter_keeps_the_order(user: User, many: FakeServices) -> None:
    await opened(user, '/?sort=change&page=2')
    await ask(user, 'risk', 'high')
    assert rows(user) == ids(BY_CHANGE[:20])


async def test_a_page_that_could_not_be_read_comes_by_itself(user: User, many: FakeServices) -> None:
    await opened(user)
    many.customers.error = Unavailable('The database does not answer at the moment.')
    await ask(user, 'later')
    await ask(user, 'later')
    many.customers.error = None
    await refresh(user)
    assert (said(user), rows(user)) == ([], ids(EVERYBODY[20:40]))


async def test_the_list_follows_the_buttons_of_the_browser(user: User, many: FakeServices) -> None:
    await opened(user)
    for address, listed in (
        ('?page=2', EVERYBODY[20:40]),
        ('?sort=change&page=2', BY_CHANGE[20:40]),
        ('?sort=change&risk=high', BY_CHANGE[:20]),
        ('', EVERYBODY[:20]),
    ):
        UserInteraction(user=user, elements={user.client.layout}, target=None).trigger('churnboard:address', address)
        await settled()
        assert rows(user) == ids(listed), address
