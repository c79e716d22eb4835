from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
from nicegui import ui
from nicegui.testing import user_simulation

from app.pages.dashboard import dashboard_page
from app.pages.session_end import with_session_end
from components.markup import Markup
from services.identity import Identity
from services.session_life import SessionEnd
from tests.ui.board_user import one
from tests.ui.fakes import NOW, FakeHub, FakeIdentity, FakeServices

Page = Callable[[], Awaitable[None]]
END = SessionEnd(expires_at=NOW, seconds_left=43_199, warning_seconds=600, prolongable=True)
LAST = SessionEnd(expires_at=NOW, seconds_left=300, warning_seconds=120, prolongable=False)


@dataclass(frozen=True)
class FakeAuth:
    end: SessionEnd | None

    def session_end(self, identity: Identity) -> SessionEnd | None:
        assert identity.user_id == 1
        return self.end


def page_of(end: SessionEnd | None) -> Page:
    page = with_session_end(FakeAuth(end), dashboard_page(FakeServices.of(FakeHub())))

    async def signed_in() -> None:
        ui.context.client.request.scope['churnboard.identity'] = FakeIdentity()
        await page()

    return signed_in


@pytest.mark.parametrize(
    ('end', 'said'),
    [
        (END, {'data-left': '43199', 'data-warning': '600', 'data-prolongable': 'true'}),
        (LAST, {'data-left': '300', 'data-warning': '120'}),
    ],
)
async def test_a_page_knows_when_its_session_ends_and_whether_it_may_end_later(
    end: SessionEnd, said: dict[str, str]
) -> None:
    async with user_simulation(root=page_of(end)) as user:
        await user.open('/')
        props = one(user, 'session-warning').props
        assert {key: value for key, value in props.items() if key.startswith('data-')} == {'data-session': '', **said}


async def test_it_is_before_everything_but_the_way_to_the_content(user_page: Page) -> None:
    async with user_simulation(root=user_page) as user:
        client = await user.open('/')
        first, second, third = client.layout.default_slot.children[:3]
        assert isinstance(first, Markup)
        assert first.tree[1]['href'] == f'#{client.content.html_id}'
        assert second is one(user, 'session-warning')
        assert third.tag == 'header'


async def test_a_page_without_a_session_warns_of_nothing() -> None:
    async with user_simulation(root=page_of(None)) as user:
        await user.open('/')
        await user.should_not_see(marker='session-warning')


@pytest.fixture
def user_page() -> Page:
    return page_of(END)
