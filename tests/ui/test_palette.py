from __future__ import annotations

import json

import pytest
from nicegui.testing import User
from nicegui.testing.user_interaction import UserInteraction

from components.page_theme import PageTheme
from services.errors import Unavailable
from services.preferences import Theme
from tests.ui.board_user import settled
from tests.ui.drawn import page, updates_problem
from tests.ui.fakes import FakeServices


async def choose_theme(user: User, said: object) -> None:
    assert user.client
    UserInteraction(user=user, elements={user.client.layout}, target=None).trigger('churnboard:theme', said)
    await settled()


def is_dark(user: User) -> bool | None:
    assert user.client
    (theme,) = (element for element in user.client.elements.values() if isinstance(element, PageTheme))
    return theme.value


async def test_the_palettes_button_knows_every_command(user: User) -> None:
    await user.open('/')
    given = json.loads(page(user).one('palette-open').attributes['data-palette'])
    assert {command['kind'] for command in given['commands']} == {'Page', 'Filter', 'Action'}
    assert {'/', 'p', 'r', '?', 'Esc'} <= set(given['keys'])
    assert all(set(command) - {'kind', 'words', 'also'} for command in given['commands']), 'each does something'


@pytest.mark.parametrize(('said', 'dark'), [('dark', True), ('light', False), ('system', None)])
async def test_a_theme_is_in_force_at_once_and_kept(
    user: User, services: FakeServices, said: str, dark: bool | None
) -> None:
    await user.open('/')
    await choose_theme(user, said)
    assert is_dark(user) is dark
    assert services.preferences.kept.theme is Theme(said)


@pytest.mark.parametrize('said', [None, 7, 'sepia', ['dark'], {'theme': 'dark'}])
async def test_what_is_no_theme_changes_nothing(user: User, services: FakeServices, said: object) -> None:
    await user.open('/')
    await choose_theme(user, said)
    assert services.preferences.kept.theme is Theme.SYSTEM


async def test_a_theme_that_cannot_be_kept_holds_for_the_page_and_says_so(user: User, services: FakeServices) -> None:
    services.preferences.error = Unavailable('The database does not answer at the moment.')
    await user.open('/')
    await choose_theme(user, 'dark')
    assert is_dark(user) is True
    assert updates_problem(user).startswith('This holds for this page only')
