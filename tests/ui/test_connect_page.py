from __future__ import annotations

import ast
import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest
from nicegui import ui
from nicegui.testing import User, user_simulation
from nicegui.testing.user_interaction import UserInteraction

from app.pages.connect import DOCUMENTS, connect_page
from app.pages.connect_snippets import snippets
from app.pages.saving import SIGNED_OUT, UNEXPECTED
from app.public_address import public_origin
from components.code_snippet import PLACEHOLDER, CodeSnippet
from components.confirm_dialog import ConfirmDialog
from components.key_list import SHOWN, KeyRow
from components.text import Text
from services.errors import InvalidRequest, InvalidToken, NotFound, Unavailable
from services.identity import KeyScope
from tests.ui import drawn
from tests.ui.board_user import one, settled, text
from tests.ui.fakes import NOW, FakeIdentity, FakePreferences, FakeRegistry, FakeWatch
from tests.ui.fakes_connect import SECRET_KEY, FakeAuth, FakeKeys, key


@dataclass
class FakeSeen:
    at: object = NOW
    state: None = None


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
    api_keys: FakeKeys = field(default_factory=FakeKeys)
    auth: FakeAuth = field(default_factory=FakeAuth)
    preferences: FakePreferences = field(default_factory=FakePreferences)
    page_registry: FakeRegistry = field(default_factory=FakeRegistry)
    settings: Settings = field(default_factory=Settings)


@pytest.fixture
def services() -> Services:
    return Services()


@pytest.fixture
def keys(services: Services) -> FakeKeys:
    return services.api_keys


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
    drawn.press(user, 'pause')
    drawn.press(user, 'pause')  # going on looks at once
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


# --- API keys

SCORES = key(3, 'nightly scores', KeyScope.INGEST, last_used_at=NOW)
LAPTOP = key(2, 'old <b>laptop', revoked=True)
SCREEN = key(1, 'wall screen')
DUPLICATE = InvalidRequest('There is a key of this name already.', field='name')
AWAY = Unavailable('The database does not answer.')


async def ask(user: User, asked: object) -> None:
    """What the browser sends when somebody submits the form."""
    user.find(marker='key-form').trigger('submit.prevent', asked)
    await settled()


async def make(user: User, name: str = 'wall screen', scope: str = 'read') -> None:
    await ask(user, {'name': name, 'scope': scope})


async def press(user: User, marker: str) -> None:
    user.find(marker=marker).click()
    await settled()


async def ask_to_revoke(user: User, name: str) -> None:
    (button,) = (e for e in elements(user, Text) if e.props.get('aria-label') == f'Revoke {name}')
    UserInteraction(user, {button}, None).click()
    await settled()


async def tick(user: User) -> None:
    drawn.press(user, 'pause')
    drawn.press(user, 'pause')
    await settled()


def rows(user: User) -> list[list[str]]:
    """What is to be read in each row, from left to right."""
    return [
        [part.text for part in row.descendants() if isinstance(part, Text) and part.visible]
        for row in one(user, 'key-rows').default_slot.children
    ]


def holders(user: User, secret: str) -> list[ui.element]:
    """The elements that have it anywhere: in their text, attributes, listeners."""
    return [element for element in elements(user, ui.element) if secret in repr(element._to_dict())]


async def test_without_keys_it_says_what_they_are_for(user: User) -> None:
    await user.open('/')
    assert text(user, 'no-keys').startswith('No keys yet. A key lets a program in without a password')
    await user.should_not_see(marker='key-rows')


async def test_keys_are_listed_with_what_they_open_and_revoked_ones_are_last_and_marked(
    user: User, keys: FakeKeys
) -> None:
    keys.infos = (LAPTOP, SCORES, SCREEN)
    await user.open('/')
    assert rows(user) == [
        ['nightly scores', 'Send: predictions and files', 'Revoke'],
        ['wall screen', 'Read: the numbers', 'never', 'Revoke'],
        ['old <b>laptop', 'Read: the numbers', 'never', 'Revoked'],
    ]
    assert text(user, 'panel-note-keys') == '2 valid, 1 revoked'
    times = [e.props.get('datetime') for e in one(user, 'key-rows').descendants() if e.tag == 'time']
    assert times[:2] == ['2026-10-27T14:02:11.000Z', '2026-11-23T14:02:11.000Z']


async def test_many_keys_are_shown_when_somebody_wants_to_see_them(user: User, keys: FakeKeys) -> None:
    keys.infos = tuple(key(number, f'key {number}') for number in range(30, 0, -1))
    await user.open('/')
    assert len(rows(user)) == SHOWN
    await press(user, 'more-keys')
    assert len(rows(user)) == 30


async def test_a_new_key_is_shown_once_as_text_and_nothing_else_and_is_gone_when_it_is_put_away(
    user: User, keys: FakeKeys, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    client = await user.open('/')
    messages: list[object] = []
    monkeypatch.setattr(client.outbox, 'enqueue_message', lambda *message: messages.append(message))
    await make(user, ' wall screen', 'ingest')
    assert keys.asked == [(' wall screen', KeyScope.INGEST)]

    (holder,) = holders(user, SECRET_KEY)
    assert holder is one(user, 'new-key-text')
    assert isinstance(holder, Text)
    assert holder.text == SECRET_KEY
    assert SECRET_KEY not in repr(holder.props)
    await user.should_see('Whoever has it can send predictions and files in your name, until you revoke it.')
    assert len(rows(user)) == 1
    await user.should_not_see(marker='key-form')

    await press(user, 'new-key-done')
    assert holders(user, SECRET_KEY) == []
    await user.should_see(marker='key-form')
    assert SECRET_KEY not in caplog.text + repr(messages)


@pytest.mark.parametrize(
    ('error', 'words', 'of_name'),
    [
        (DUPLICATE, DUPLICATE.message, True),
        (InvalidRequest('You have 50 keys already.'), 'You have 50 keys already.', False),
        (AWAY, AWAY.message, False),
        (InvalidToken(), SIGNED_OUT, False),
        (RuntimeError('what only the log may know'), UNEXPECTED, False),
    ],
)
async def test_a_key_that_cannot_be_made_is_explained_and_what_was_typed_stays(
    user: User, keys: FakeKeys, caplog: pytest.LogCaptureFixture, *, error: Exception, words: str, of_name: bool
) -> None:
    await user.open('/')
    form, name = one(user, 'key-form'), one(user, 'key-name')
    keys.error = error
    await make(user)
    assert text(user, 'key-error') == words
    assert ('aria-invalid' in name.props) == of_name
    assert (one(user, 'key-form'), one(user, 'key-name')) == (form, name), 'the elements that hold what was typed'
    assert 'value' not in name.props
    assert (words == UNEXPECTED) == bool(caplog.records)

    keys.error = None
    await make(user)
    await user.should_see(marker='new-key-text')


async def test_the_browser_may_send_anything(user: User, keys: FakeKeys) -> None:
    await user.open('/')
    name, scope = 'A name is needed, to know the key by.', 'Choose what the key opens.'
    for asked, words in [
        (None, name),
        ('wall screen', name),
        (['wall screen', 'read'], name),
        ({}, name),
        ({'scope': 'read'}, name),
        ({'name': 5, 'scope': 'read'}, name),
        ({'name': {'a': 1}, 'scope': 'read'}, name),
        ({'name': 'wall screen'}, scope),
        ({'name': 'wall screen', 'scope': 'admin'}, scope),
        ({'name': 'wall screen', 'scope': ['read']}, scope),
        ({'name': 'wall screen', 'scope': {}}, scope),
    ]:
        await ask(user, asked)
        assert text(user, 'key-error') == words, asked
    assert keys.asked == []


async def test_whoever_is_signed_out_makes_and_revokes_nothing(services: Services, user: User, keys: FakeKeys) -> None:
    keys.infos = (SCORES,)
    await user.open('/')
    services.auth.signed_in = False
    await make(user)
    assert text(user, 'key-error') == SIGNED_OUT
    await ask_to_revoke(user, 'nightly scores')
    await press(user, 'dialog-confirm')
    assert text(user, 'dialog-error') == SIGNED_OUT
    assert (keys.asked, keys.revoked) == ([], [])


async def test_sending_the_form_twice_makes_one_key(user: User, keys: FakeKeys) -> None:
    await user.open('/')
    keys.gate = asyncio.Event()
    await make(user)
    await make(user)
    keys.gate.set()
    await settled()
    assert len(keys.asked) == 1


async def test_a_key_is_revoked_after_a_question_that_names_it(user: User, keys: FakeKeys) -> None:
    keys.infos = (SCORES, SCREEN)
    await user.open('/')
    await ask_to_revoke(user, 'wall screen')
    await user.should_see('Revoke the key “wall screen”?')
    assert keys.revoked == []
    await press(user, 'dialog-confirm')
    assert keys.revoked == [1]
    assert rows(user)[1][-1] == 'Revoked'
    assert drawn.spoken(user) == 'The key wall screen is revoked.'
    assert not any(dialog.value for dialog in elements(user, ConfirmDialog))


@pytest.mark.parametrize(
    ('error', 'words'), [(AWAY, AWAY.message), (RuntimeError('what only the log may know'), UNEXPECTED)]
)
async def test_a_key_that_cannot_be_revoked_stays_and_the_question_says_why(
    user: User, keys: FakeKeys, error: Exception, words: str
) -> None:
    keys.infos = (SCORES,)
    await user.open('/')
    await ask_to_revoke(user, 'nightly scores')
    keys.error = error
    await press(user, 'dialog-confirm')
    assert text(user, 'dialog-error') == words
    assert rows(user)[0][-1] == 'Revoke'


async def test_revoking_a_key_that_is_gone_is_as_good_as_done(user: User, keys: FakeKeys) -> None:
    keys.infos = (SCORES,)
    await user.open('/')
    await ask_to_revoke(user, 'nightly scores')
    keys.error, keys.infos = NotFound('There is no such key: GET /api/keys lists them.'), ()
    await press(user, 'dialog-confirm')
    assert not any(dialog.value for dialog in elements(user, ConfirmDialog))
    await user.should_see(marker='no-keys')


async def test_an_error_goes_when_a_key_is_revoked_that_may_have_been_its_cause(user: User, keys: FakeKeys) -> None:
    keys.infos = (SCREEN,)
    await user.open('/')
    keys.error = DUPLICATE
    await make(user)
    keys.error = None
    await ask_to_revoke(user, 'wall screen')
    await press(user, 'dialog-confirm')
    assert text(user, 'key-error') == ''


async def test_keys_that_cannot_be_read_stay_on_the_page_and_it_says_so(user: User, keys: FakeKeys) -> None:
    keys.infos = (SCORES,)
    await user.open('/')
    keys.list_error = AWAY
    await tick(user)
    assert len(rows(user)) == 1
    assert text(user, 'keys-problem') == f'Your keys could not be read. {AWAY.message} These are the last known ones.'
    assert one(user, 'connection').props['data-delayed'] == 'true'
    keys.list_error = None
    await tick(user)
    assert text(user, 'keys-problem') == ''


async def test_a_key_that_was_made_is_shown_also_when_the_others_cannot_be_read(user: User, keys: FakeKeys) -> None:
    await user.open('/')
    keys.list_error = AWAY
    await make(user)
    assert text(user, 'new-key-text') == SECRET_KEY


async def test_an_earlier_look_that_comes_back_later_takes_no_key_away(user: User, keys: FakeKeys) -> None:
    await user.open('/')
    slow = asyncio.Event()
    keys.list_gates = [slow]
    await tick(user)
    await make(user)
    assert len(rows(user)) == 1
    slow.set()
    await settled()
    assert len(rows(user)) == 1


async def test_when_a_key_was_last_used_is_kept_up_to_date_in_the_same_row(user: User, keys: FakeKeys) -> None:
    keys.infos = (SCREEN,)
    await user.open('/')
    (row,) = elements(user, KeyRow)
    keys.infos = (replace(SCREEN, last_used_at=NOW),)
    await tick(user)
    assert rows(user) == [['wall screen', 'Read: the numbers', 'Revoke']]
    assert elements(user, KeyRow) == [row]


def elements(user: User, kind: type) -> list:  # type: ignore[type-arg]
    assert user.client
    return [element for element in user.client.elements.values() if isinstance(element, kind)]
