from __future__ import annotations

import ast
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from nicegui import ui
from nicegui.testing import User, user_simulation

from app.pages.connect import DOCUMENTS, connect_page
from app.pages.connect_snippets import snippets
from app.public_address import public_origin
from components.code_snippet import PLACEHOLDER, CodeSnippet
from components.text import Text
from services.errors import Unavailable
from tests.ui.board_user import one, settled, text
from tests.ui.fakes import NOW, FakeIdentity, FakeRegistry, FakeWatch


@dataclass
class FakeSeen:
    at: object = NOW


@dataclass
class FakeHub:
    error: Exception | None = None
    watches: list[FakeWatch] = field(default_factory=list)

    async def check_user(self, _user_id: int) -> None:
        if self.error:
            raise self.error

    def seen(self, _user_id: int) -> FakeSeen:
        return FakeSeen()

    def watch(self, _user_id: int) -> FakeWatch:
        self.watches.append(FakeWatch())
        return self.watches[-1]


@dataclass
class Settings:
    refresh_seconds: float = 3600  # a test ticks by itself
    public_origins: tuple[str, ...] = ()


@dataclass
class Services:
    hub: FakeHub = field(default_factory=FakeHub)
    page_registry: FakeRegistry = field(default_factory=FakeRegistry)
    settings: Settings = field(default_factory=Settings)


@pytest.fixture
def services() -> Services:
    return Services()


@pytest.fixture
async def user(services: Services) -> AsyncIterator[User]:
    page = connect_page(services)  # type: ignore[arg-type]

    async def signed_in() -> None:
        ui.context.client.request.scope['churnboard.identity'] = FakeIdentity()
        await page()

    async with user_simulation(root=signed_in) as user:
        yield user


def scope(host: str) -> dict[str, object]:
    return {'type': 'http', 'scheme': 'http', 'headers': [(b'host', host.encode())]}


def test_the_address_is_that_of_the_request_unless_others_are_the_public_ones() -> None:
    public = ('https://board.example.com', 'https://other.example.com')
    assert public_origin(scope('10.0.0.7:8080'), ()) == 'http://10.0.0.7:8080'
    assert public_origin(scope('evil.example'), public) == 'https://board.example.com'
    assert public_origin({**scope('other.example.com'), 'scheme': 'https'}, public) == 'https://other.example.com'


async def test_every_program_is_on_the_page_with_the_address_and_without_a_token(user: User) -> None:
    await user.open('/')
    shown = {snippet.code.text for snippet in elements(user, CodeSnippet)}
    origin = text(user, 'origin')
    assert shown == {snippet.code for snippet in snippets(origin, email=FakeIdentity().email)}
    assert all(origin in code for code in shown)
    assert sum(PLACEHOLDER in code for code in shown) == len(shown) - 1, 'the one that gets a token needs none'


async def test_the_page_names_the_public_address(services: Services, user: User) -> None:
    services.settings.public_origins = ('https://board.example.com',)
    await user.open('/')
    assert text(user, 'origin') == 'https://board.example.com'


async def test_one_tab_is_selected_and_its_panel_alone_is_shown(user: User) -> None:
    await user.open('/')
    everything = elements(user, ui.element)
    tabs = [element for element in everything if element.props.get('role') == 'tab']
    panels = {element.html_id: element for element in everything if element.props.get('role') == 'tabpanel'}
    assert [tab.props['aria-selected'] for tab in tabs] == ['true', 'false', 'false']
    shown = ['hidden' not in panels[tab.props['aria-controls']].props for tab in tabs]
    assert shown == [True, False, False]


async def test_it_leads_to_the_documents(user: User) -> None:
    await user.open('/')
    links = {element.props.get('href') for element in elements(user, Text)}
    assert {path for path, _, _ in DOCUMENTS} <= links


async def test_it_says_when_the_server_cannot_answer_and_when_it_can_again(services: Services, user: User) -> None:
    services.hub.error = Unavailable('The database does not answer.')
    await user.open('/')
    assert one(user, 'connection').props['data-delayed'] == 'true'
    services.hub.error = None
    user.find(marker='pause').click()
    user.find(marker='pause').click()  # going on looks at once
    await settled()
    assert 'data-delayed' not in one(user, 'connection').props
    assert one(user, 'connection').props['data-as-of'].startswith('2026-11-23T14:02:11')


async def test_the_watch_ends_with_the_page(services: Services, user: User) -> None:
    client = await user.open('/')
    assert not services.hub.watches[0].closed
    client.delete()
    assert services.hub.watches[0].closed


def test_the_python_programs_are_python() -> None:
    for snippet in snippets('https://board.example.com', email='o\'hara"$(id)@example.com'):
        if snippet.tab == 'Python':
            ast.parse(snippet.code)


def test_an_address_cannot_leave_its_quotes() -> None:
    (code,) = [one.code for one in snippets('http://x', email="o'hara@example.com") if one.name == 'curl-token']
    assert """'username=o'"'"'hara@example.com'""" in code


def elements(user: User, kind: type) -> list:  # type: ignore[type-arg]
    assert user.client
    return [element for element in user.client.elements.values() if isinstance(element, kind)]
