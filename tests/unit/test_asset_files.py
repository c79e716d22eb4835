"""A browser asks for a style or a script once, and again when there is another one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from app.asset_files import ASSETS, AssetFiles, asset_url, version_of

OTHER = '/assets/0123456789ab/board.css'


@pytest.fixture
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    server = Starlette(routes=[Mount('/assets', AssetFiles())])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url='http://board') as client:
        yield client


@pytest.mark.parametrize('name', ['board.css', 'live.js', 'favicon.svg'])
async def test_its_address_may_be_kept_for_ever(browser: httpx.AsyncClient, name: str) -> None:
    answer = await browser.get(asset_url(name))
    assert answer.content == (ASSETS / name).read_bytes()
    assert answer.headers['cache-control'] == 'public, max-age=31536000, immutable'


async def test_who_asks_whether_it_changed_may_keep_it_for_ever_too(browser: httpx.AsyncClient) -> None:
    etag = (await browser.get(asset_url('board.css'))).headers['etag']
    answer = await browser.get(asset_url('board.css'), headers={'If-None-Match': etag})
    assert answer.status_code == 304
    assert 'immutable' in answer.headers['cache-control']


@pytest.mark.parametrize('path', [OTHER, '/assets/board.css', f'/assets/x/{OTHER}'])
async def test_another_version_leads_to_this_one_and_is_not_kept(browser: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(path)
    assert answer.status_code == 307
    assert answer.headers['location'] == asset_url('board.css')
    assert answer.headers['cache-control'] == 'no-store'


@pytest.mark.parametrize(
    'path', ['/assets', '/assets/', '/assets/nothing.css', asset_url('nothing.css'), asset_url('')]
)
async def test_what_is_not_there_is_not_there(browser: httpx.AsyncClient, path: str) -> None:
    assert (await browser.get(path, follow_redirects=True)).status_code == 404


def test_what_a_style_sheet_names_beside_itself_has_the_same_version() -> None:
    assert asset_url('board.css').rpartition('/')[0] == asset_url('favicon.svg').rpartition('/')[0]


@pytest.mark.parametrize(
    'files',
    [
        {'a.css': 'eno', 'b.js': 'two'},
        {'a.css': 'one'},
        {'b.css': 'one', 'b.js': 'two'},
        {'a.css': 'onetwo', 'b.js': ''},
    ],
)
def test_the_version_changes_with_any_file(tmp_path: Path, files: dict[str, str]) -> None:
    def folder(name: str, content: dict[str, str]) -> Path:
        made = tmp_path / name
        made.mkdir()
        for file, text in content.items():
            (made / file).write_text(text)
        return made

    before = {'a.css': 'one', 'b.js': 'two'}
    version = version_of(folder('before', before))
    assert version == version_of(folder('same', before))
    assert version != version_of(folder('after', files))
