from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from nicegui import ui
from nicegui.testing import User, user_simulation

from app.pages.dashboard import dashboard_page
from tests.ui.customers_at_risk import BY_CHANGE, EVERYBODY
from tests.ui.fakes import FakeHub, FakeIdentity, FakeServices, charts


@pytest.fixture
def hub() -> FakeHub:
    return FakeHub()


@pytest.fixture
def services(hub: FakeHub) -> FakeServices:
    return FakeServices.of(hub)


@pytest.fixture
async def user(services: FakeServices) -> AsyncIterator[User]:
    """A browser in front of alice's board; a test opens ``/`` itself."""
    page = dashboard_page(services)

    async def signed_in() -> None:
        ui.context.client.request.scope['churnboard.identity'] = FakeIdentity()
        await page()

    async with user_simulation(root=signed_in) as user:
        yield user


@pytest.fixture
def many(hub: FakeHub, services: FakeServices) -> FakeServices:
    """45 customers."""
    hub.everybody, services.customers.by_change = EVERYBODY, BY_CHANGE
    hub.board_charts = charts().model_copy(update={'customers': 45, 'at_risk': EVERYBODY[:20]})
    return services
