"""What the page shows before any script has run: the same as after."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import quote

import pytest
from nicegui.testing import User

from app.pages.first_show import BUILD_SECONDS
from services.query import DashboardQuery
from services.questions import BeingWorkedOut
from tests.ui.drawn import page
from tests.ui.fakes import FakeHub, FakeSnapshot
from tests.unit.test_markup_html import Parsed


async def picture(user: User, path: str = '/') -> str:
    """As it comes with the page."""
    response = await user.http_client.get(path)
    found = re.search(r'<div class="first-picture".*?(?=<script>)', response.text, re.DOTALL)
    assert found
    return found[0]


def values(html: str) -> list[str]:
    return re.findall(r'<dd class="card-value">([^<]*)</dd>', html)


async def test_it_has_the_numbers_of_the_page(user: User) -> None:
    await user.open('/')
    drawn, html = [card.text for card in page(user).all('card-value')], await picture(user)
    assert values(html) == drawn
    assert len(drawn) == 9
    assert re.search('[0-9]', drawn[0])
    assert 'metrics loading' not in html


async def test_numbers_that_are_not_at_hand_are_left_open(user: User, hub: FakeHub) -> None:
    hub.error = BeingWorkedOut()
    html = await picture(user)
    assert 'class="metrics loading"' in html
    assert not any(re.search('[0-9]', value) for value in values(html))


async def test_numbers_that_take_a_little_are_waited_for_as_scripts_take_longer(
    user: User, hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('app.pages.first_show.NUMBERS_SECONDS', 20)
    snapshot = hub.snapshot

    async def slowly(user_id: int, query: DashboardQuery) -> FakeSnapshot:
        await asyncio.sleep(2 * BUILD_SECONDS)
        return await snapshot(user_id, query)

    monkeypatch.setattr(hub, 'snapshot', slowly)
    assert re.search('[0-9]', values(await picture(user))[0])


async def test_it_is_for_the_eye_alone(user: User) -> None:
    found = Parsed(await picture(user))
    names = {name for name, _ in found.attributes}
    assert found.attributes[1:4] == [('hidden', None), ('inert', None), ('aria-hidden', 'true')]
    assert not names & {'id', 'for', 'name', 'style', 'tabindex', 'role'}
    assert not [name for name in names if name.startswith(('on', 'data-')) and name not in ('data-state', 'data-tone')]
    assert not set(found.tags) & {'script', 'style', 'iframe', 'img', 'main', 'header'}


@pytest.mark.parametrize('text', ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', '`${alert(1)}`'])
async def test_what_somebody_put_into_the_address_is_text(user: User, text: str) -> None:
    found = Parsed(await picture(user, f'/?q={quote(text)}'))
    assert ('value', text) in found.attributes
    assert text in found.text
    assert not set(found.tags) & {'script', 'img'}


async def test_filters_in_the_address_are_seen(user: User) -> None:
    html = await picture(user, '/?risk=high')
    assert re.search(r'aria-pressed="true" class="[^"]*choice-high', html)
    assert 'high risk' in Parsed(html).text


async def test_what_is_below_the_numbers_is_drawn_once(user: User) -> None:
    html = await picture(user)
    assert '<div class="panels"><div class="panel"></div><div class="panel"></div></div>' in html
    assert 'activity-row' not in html


async def test_a_tab_that_is_open_keeps_no_picture(user: User) -> None:
    assert len(await picture(user)) > 5_000
    client = await user.open('/')
    assert client.body_html == ''
