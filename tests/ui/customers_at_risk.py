"""Forty-five customers, and the list in which a reader sees them."""

from __future__ import annotations

from nicegui.testing import User

from services.schemas import AtRiskCustomer
from tests.ui.board_user import settled
from tests.ui.drawn import page, press
from tests.ui.fakes import at_risk


def changed(number: int, change: float | None) -> AtRiskCustomer:
    return at_risk(number).model_copy(update={'change_7d': change})


EVERYBODY = tuple(changed(number, number / 1000) for number in range(45))
BY_CHANGE = tuple(reversed(EVERYBODY))


async def opened(user: User, path: str = '/') -> None:
    await user.open(path)
    await settled()


def rows(user: User) -> list[str]:
    return [row.key for row in page(user).one('at-risk').one('rows').all('row')]


def ids(customers: tuple[AtRiskCustomer, ...]) -> list[str]:
    return [customer.customer_id for customer in customers]


def note(user: User) -> str:
    return page(user).one('panel-at-risk').one('panel-note').text


def said(user: User) -> list[str]:
    return [each.text for each in page(user).one('panel-at-risk').all('quiet')]


async def ask(user: User, action: str, item: str = '') -> None:
    press(user, action, item)
    await settled()
