from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from nicegui import ui
from nicegui.testing import User, user_simulation

from app.pages.reader import PREFERENCES
from app.pages.saving import SIGNED_OUT, UNEXPECTED
from app.pages.settings import ABOUT_KEYS, settings_page
from app.pages.settings_display import LOCALES
from components.page_theme import PageTheme
from components.session_list import SessionRow
from services.errors import InvalidCredentials, InvalidRequest, RateLimited, Unavailable
from services.identity import KeyScope
from services.preferences import Locale, Preferences, Theme, UpdateInterval
from tests.ui import drawn
from tests.ui.board_user import one, one_hidden, settled, text
from tests.ui.fakes import FakeIdentity
from tests.ui.fakes_connect import SECRET_KEY, key
from tests.ui.fakes_settings import ACCOUNT, FakeSettingsServices

NEW = 'amber lantern forty-two'
AWAY = Unavailable('The database does not answer.')


@pytest.fixture
def services() -> FakeSettingsServices:
    return FakeSettingsServices()


@pytest.fixture
async def user(services: FakeSettingsServices) -> AsyncIterator[User]:
    """A browser in front of alice's settings; a test opens them itself."""
    page = settings_page(services)  # type: ignore[arg-type]

    async def signed_in() -> None:
        scope = ui.context.client.request.scope
        scope['churnboard.identity'], scope[PREFERENCES] = FakeIdentity(), services.preferences.kept
        await page()

    async with user_simulation(root=signed_in) as user:
        yield user


async def submit(user: User, form: str, fields: object) -> None:
    """What the browser sends when a form is sent off."""
    user.find(marker=f'form-{form}').trigger('submit.prevent', fields)
    await settled()


async def press(user: User, marker: str) -> None:
    user.find(marker=marker).click()
    await settled()


async def look(user: User) -> None:
    drawn.press(user, 'pause')
    await settled()
    drawn.press(user, 'pause')
    await settled()  # going on looks at once


async def make_key(user: User) -> None:
    user.find(marker='key-form').trigger('submit.prevent', {'name': 'wall screen', 'scope': 'read'})
    await settled()


async def choose(user: User, what: str, value: str) -> None:
    drawn.press(user, what, value)
    await settled()


def rows(user: User) -> list[SessionRow]:
    assert user.client
    return [row for row in one(user, 'session-rows').default_slot.children if isinstance(row, SessionRow)]


def names(user: User) -> list[str]:
    return [row._name.text for row in rows(user)]


def buttons(user: User) -> list[bool]:
    return [row._end.visible for row in rows(user)]


async def test_it_shows_what_is_set(user: User) -> None:
    await user.open('/')
    assert one(user, 'setting-name').props['^value'] == 'Alice'
    assert one(user, 'setting-time_zone').props['^value'] == 'Europe/Berlin'
    assert text(user, 'email') == 'alice@example.com'
    assert drawn.pressed(user, 'theme', 'system')
    assert drawn.pressed(user, 'rate', '5')
    assert drawn.pressed(user, 'shortcuts', 'on')
    assert one(user, 'locale').props['value'] == 'browser'


async def test_every_zone_is_offered_in_one_element(user: User) -> None:
    await user.open('/')
    assert user.client
    lists = [e for e in user.client.elements.values() if e.props.get('tag') == 'datalist']
    (options,) = lists
    assert isinstance(options, ui.html)
    assert '<option value="Asia/Tokyo">' in options.content
    assert one(user, 'setting-time_zone').props['list'] == options.html_id


async def test_a_name_is_saved_and_it_is_said(user: User, services: FakeSettingsServices) -> None:
    await user.open('/')
    await submit(user, 'profile', {'name': 'Alice Arden'})
    assert services.accounts.account.name == 'Alice Arden'
    assert text(user, 'message-profile') == 'Saved. Your name is Alice Arden.'


async def test_what_is_wrong_is_told_at_its_field_and_what_was_typed_is_left_alone(
    user: User, services: FakeSettingsServices
) -> None:
    await user.open('/')
    services.accounts.error = InvalidRequest('A name of at most 100 characters is needed.', field='name')
    await submit(user, 'profile', {'name': 'x' * 101})
    assert text(user, 'error-name') == 'A name of at most 100 characters is needed.'
    assert text(user, 'message-profile') == 'Not saved.'
    field = one(user, 'setting-name')
    assert field.props['aria-invalid'] == 'true'
    assert field.props['aria-describedby'] == one(user, 'error-name').html_id
    assert field.props['^value'] == 'Alice', 'the server never writes into a field that somebody types in'

    services.accounts.error = None
    await submit(user, 'profile', {'name': 'Al'})
    assert text(user, 'error-name') == ''
    assert 'aria-invalid' not in field.props


@pytest.mark.parametrize(
    ('error', 'said'), [(AWAY, AWAY.message), (RuntimeError('secret'), UNEXPECTED)], ids=['away', 'fault']
)
async def test_a_save_that_fails_says_so_and_can_be_tried_again(
    user: User, services: FakeSettingsServices, error: Exception, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    await user.open('/')
    services.accounts.error = error
    await submit(user, 'profile', {'name': 'Al'})
    assert text(user, 'message-profile') == said
    assert text(user, 'save-profile') == 'Save profile'
    services.accounts.error = None
    await submit(user, 'profile', {'name': 'Al'})
    assert text(user, 'message-profile') == 'Saved. Your name is Al.'
    caplog.clear()


async def test_a_save_under_way_is_not_begun_twice(user: User, services: FakeSettingsServices) -> None:
    await user.open('/')
    services.accounts.gate = asyncio.Event()
    for _ in range(3):
        await submit(user, 'profile', {'name': 'Al'})
    assert text(user, 'save-profile') == 'Saving…'
    assert one(user, 'save-profile').props['aria-disabled'] == 'true'
    services.accounts.gate.set()
    await settled()
    assert services.accounts.asked == ['Al']
    assert text(user, 'save-profile') == 'Save profile'


@pytest.mark.parametrize('sent', [None, 'x', [], {}, {'name': 3}, {'name': ['x']}])
async def test_whatever_a_browser_sends_is_taken_as_left_empty(
    user: User, services: FakeSettingsServices, sent: object
) -> None:
    await user.open('/')
    await submit(user, 'profile', sent)
    assert services.accounts.asked == ['']


async def test_who_is_signed_out_changes_nothing(user: User, services: FakeSettingsServices) -> None:
    await user.open('/')
    services.auth.signed_in = False
    await submit(user, 'profile', {'name': 'Mallory'})
    await submit(user, 'zone', {'time_zone': 'Asia/Tokyo'})
    await submit(user, 'password', {'current': 'x', 'new': NEW, 'again': NEW})
    await choose(user, 'theme', 'dark')
    for part in ('profile', 'zone', 'password'):
        assert text(user, f'message-{part}') == SIGNED_OUT
    assert text(user, 'message-theme') == f'Not kept. {SIGNED_OUT}'
    assert (services.accounts.asked, services.auth.changes) == ([], [])
    assert services.preferences.kept == Preferences()


async def test_another_zone_is_worked_out_and_it_is_told_until_it_is_done(
    user: User, services: FakeSettingsServices
) -> None:
    await user.open('/')
    await submit(user, 'zone', {'time_zone': ' Asia/Tokyo '})
    assert services.accounts.asked == ['Asia/Tokyo']
    assert text(user, 'message-zone') == 'Saved.'
    assert text(user, 'working-out').startswith('Days are being worked out for Asia/Tokyo.')
    assert text(user, 'worked-out') == '0 of 7,043 customers'

    services.accounts.account = replace(services.accounts.account, days_of='Asia/Tokyo')
    await look(user)
    assert text(user, 'working-out') == 'Days are those in Asia/Tokyo now.'
    await user.should_not_see(marker='worked-out')


async def test_a_zone_without_anything_to_work_out_is_there_at_once(user: User, services: FakeSettingsServices) -> None:
    services.accounts.account = replace(ACCOUNT, days_of='Asia/Tokyo')
    await user.open('/')
    await submit(user, 'zone', {'time_zone': 'Asia/Tokyo'})
    assert text(user, 'message-zone') == 'Saved. Days are those in Asia/Tokyo.'


async def test_the_password_is_changed_and_the_pages_of_other_browsers_close(
    user: User, services: FakeSettingsServices
) -> None:
    await user.open('/')
    await submit(user, 'password', {'current': 'the old one', 'new': NEW, 'again': NEW})
    assert services.auth.changes == [('the old one', NEW, 'hash')]
    assert text(user, 'message-password') == 'Your password is changed. 2 other browsers were signed out.'
    assert sorted(services.page_registry.ended) == ['laptop', 'phone']


async def test_keys_that_end_with_a_password_are_marked_at_once_and_another_is_made_without_a_reload(
    user: User, services: FakeSettingsServices
) -> None:
    services.api_keys.infos = (key(1, 'wall screen'),)
    await user.open('/')
    services.api_keys.infos = (key(1, 'wall screen', revoked=True),)  # as the new password leaves it
    services.auth.version = services.api_keys.version = 4
    await submit(user, 'password', {'current': 'the old one', 'new': NEW, 'again': NEW})
    assert text(user, 'panel-note-keys').endswith('0 valid, 1 revoked.')
    await make_key(user)
    assert text(user, 'new-key-text') == SECRET_KEY


@pytest.mark.parametrize(
    ('fields', 'refusal', 'said'),
    [
        ({'current': '', 'new': NEW, 'again': NEW}, None, ('current', 'Type the password you have now.')),
        ({'current': 'x', 'new': NEW, 'again': 'other'}, None, ('again', 'This is not the same')),
        (
            {'current': 'x', 'new': NEW, 'again': NEW},
            InvalidCredentials('It is not right.', field='current'),
            ('current', 'It is not right.'),
        ),
        (
            {'current': 'x', 'new': 'y', 'again': 'y'},
            InvalidRequest('It is too short.', field='new'),
            ('new', 'It is too short.'),
        ),
    ],
)
async def test_a_password_that_is_refused_says_which_field(
    user: User, services: FakeSettingsServices, fields: object, refusal: Exception | None, said: tuple[str, str]
) -> None:
    await user.open('/')
    services.auth.error = refusal
    await submit(user, 'password', fields)
    assert text(user, f'error-{said[0]}').startswith(said[1])
    assert services.page_registry.ended == []


async def test_too_many_wrong_passwords_are_told(user: User, services: FakeSettingsServices) -> None:
    await user.open('/')
    services.auth.error = RateLimited('Too many sign-ins have failed. Wait 5 minutes, then try again.')
    await submit(user, 'password', {'current': 'x', 'new': NEW, 'again': NEW})
    assert text(user, 'message-password').startswith('Too many sign-ins have failed.')


async def test_a_theme_is_kept_and_in_force_at_once(user: User, services: FakeSettingsServices) -> None:
    client = await user.open('/')
    await choose(user, 'theme', 'dark')
    assert services.preferences.kept.theme is Theme.DARK
    assert text(user, 'message-theme') == 'Kept: dark.'
    assert drawn.pressed(user, 'theme', 'dark')
    (theme,) = (element for element in client.elements.values() if isinstance(element, PageTheme))
    assert theme.value is True


async def test_the_theme_is_in_the_page_before_anything_is_drawn(user: User, services: FakeSettingsServices) -> None:
    services.preferences.kept = Preferences(theme=Theme.DARK)
    client = await user.open('/')
    assert "document.documentElement.dataset.theme = 'dark'" in client.head_html


async def test_rate_locale_and_shortcuts_are_kept_and_followed_by_this_page(
    user: User, services: FakeSettingsServices
) -> None:
    await user.open('/')
    await choose(user, 'rate', 'off')
    assert drawn.page(user).one('updates-rate').attributes['value'] == 'off', 'the one in the header, too'
    user.find(marker='locale').trigger('change', 'de-DE')
    await settled()
    await user.should_see('Kept: numbers and dates are written that way from now on: 1.234,5 · 31 Dec 2026, 14:30.')
    await choose(user, 'shortcuts', 'off')
    connection = one(user, 'connection').props
    assert (connection['data-signs'], connection['data-day']) == (',.', '%-d %b %Y')
    assert connection['data-no-shortcuts'] == 'true'
    assert connection['data-paused'] == 'off'
    assert services.preferences.kept == Preferences(interval=UpdateInterval.OFF, locale=Locale.DE_DE, shortcuts=False)
    drawn.enter(user, 'rate', '60')
    await settled()
    assert not drawn.pressed(user, 'rate', '5')


async def test_a_choice_that_cannot_be_kept_is_taken_back(user: User, services: FakeSettingsServices) -> None:
    await user.open('/')
    services.preferences.error = AWAY
    await choose(user, 'theme', 'dark')
    assert text(user, 'message-theme') == f'Not kept. {AWAY.message}'
    assert drawn.pressed(user, 'theme', 'system')
    user.find(marker='locale').trigger('change', 'de-DE')
    await settled()
    assert one(user, 'locale').props['value'] == 'browser'


@pytest.mark.parametrize('value', [None, 3, 'xx', ['de-DE'], {}])
async def test_what_is_not_offered_cannot_be_chosen(user: User, services: FakeSettingsServices, value: object) -> None:
    await user.open('/')
    user.find(marker='locale').trigger('change', value)
    await settled()
    assert text(user, 'message-locale') == 'Not kept. That cannot be chosen.'
    assert services.preferences.kept == Preferences()


def test_every_locale_has_a_name() -> None:
    assert set(LOCALES) == set(Locale)


async def test_the_sessions_are_listed_with_this_one_first(user: User) -> None:
    await user.open('/')
    assert names(user) == ['Firefox on Linux', 'Safari on iPhone', 'A browser']
    assert buttons(user) == [False, True, True]
    assert user.client
    sent = str([element._to_dict() for element in user.client.elements.values()])
    assert not any(f"'{id_hash}'" in sent for id_hash in ('phone', 'laptop', 'hash')), 'no hash leaves the server'


async def test_other_browsers_say_when_they_were_last_seen_where_that_is_known(user: User) -> None:
    await user.open('/')
    seen = [row._seen_at.props.get('datetime') if row._seen.visible else None for row in rows(user)]
    assert seen == [None, '2026-11-23T13:32:11.000Z', None]


async def test_one_browser_is_signed_out_after_asking(user: User, services: FakeSettingsServices) -> None:
    await user.open('/')
    with user.client:  # type: ignore[union-attr]
        rows(user)[1]._ask()
    await settled()
    await user.should_see('Sign out Safari on iPhone?')
    assert services.page_registry.ended == []
    await press(user, 'dialog-confirm')
    assert services.page_registry.ended == ['phone']
    assert names(user) == ['Firefox on Linux', 'A browser']
    assert text(user, 'message-sessions') == 'Safari on iPhone is signed out.'


async def test_everything_else_is_signed_out_after_asking(user: User, services: FakeSettingsServices) -> None:
    await user.open('/')
    await press(user, 'end-others')
    await user.should_see('Sign out all 2 other browsers?')
    await press(user, 'dialog-confirm')
    assert sorted(services.page_registry.ended) == ['laptop', 'phone']
    assert names(user) == ['Firefox on Linux']
    assert text(user, 'message-sessions') == '2 other browsers are signed out.'
    assert not one_hidden(user, 'end-others').visible


async def test_a_sign_out_that_fails_keeps_asking(user: User, services: FakeSettingsServices) -> None:
    await user.open('/')
    services.browser_sessions.error = AWAY
    await press(user, 'end-others')
    await press(user, 'dialog-confirm')
    assert text(user, 'dialog-error') == AWAY.message
    assert services.page_registry.ended == []
    assert len(names(user)) == 3


async def test_a_key_is_made_shown_once_and_revoked_here_as_where_programs_are_connected(
    user: User, services: FakeSettingsServices
) -> None:
    await user.open('/')
    assert text(user, 'panel-note-keys') == ABOUT_KEYS
    await make_key(user)
    assert services.api_keys.asked == [('wall screen', KeyScope.READ)]
    assert text(user, 'new-key-text') == SECRET_KEY
    assert text(user, 'panel-note-keys') == f'{ABOUT_KEYS} 1 valid.'
    await press(user, 'new-key-done')
    await user.should_not_see(SECRET_KEY)
    await press(user, 'revoke')
    await user.should_see('Revoke the key “wall screen”?')
    await press(user, 'dialog-confirm')
    assert services.api_keys.revoked == [1]
    assert text(user, 'panel-note-keys') == f'{ABOUT_KEYS} 0 valid, 1 revoked.'


async def test_who_is_signed_out_makes_no_key_here(user: User, services: FakeSettingsServices) -> None:
    await user.open('/')
    services.auth.signed_in = False
    await make_key(user)
    assert text(user, 'key-error') == SIGNED_OUT
    assert services.api_keys.asked == []


async def test_a_key_of_another_page_is_listed_at_the_next_look(user: User, services: FakeSettingsServices) -> None:
    await user.open('/')
    await user.should_see(marker='no-keys')
    services.api_keys.infos = (key(1, 'wall screen'),)
    await look(user)
    await user.should_see('wall screen')


async def test_of_two_lists_the_one_that_was_read_is_not_called_an_old_one(
    user: User, services: FakeSettingsServices
) -> None:
    services.api_keys.infos = (key(1, 'wall screen'),)
    await user.open('/')
    services.api_keys.list_error = AWAY
    await look(user)
    assert text(user, 'sessions-problem') == ''
    assert text(user, 'keys-problem') == (
        'Your keys could not be read. The database does not answer. These are the last known ones.'
    )


async def test_a_look_that_fails_leaves_what_is_shown_and_says_so(user: User, services: FakeSettingsServices) -> None:
    await user.open('/')
    services.hub.error = AWAY
    await look(user)
    assert one(user, 'connection').props['data-delayed'] == 'true'
    assert len(names(user)) == 3
    assert text(user, 'sessions-problem') == (
        'The list could not be read. The database does not answer. These are the last known ones.'
    )
    assert text(user, 'keys-problem').startswith('Your keys could not be read. The database does not answer.')
    services.hub.error = None
    await look(user)
    assert (text(user, 'sessions-problem'), text(user, 'keys-problem')) == ('', '')


async def test_the_watch_ends_with_the_page(user: User, services: FakeSettingsServices) -> None:
    client = await user.open('/')
    assert services.page_registry.pages == [('hash', client)]
    client.delete()
    assert [watch.closed for watch in services.hub.watches] == [True]
