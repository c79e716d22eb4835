"""Two users at once: neither ever sees anything of the other, on any channel."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx

from tests.board import Board
from tests.contract.conftest import Person
from tests.contract.live import Listener, listening

ROUNDS = 15


def row(owner: str, number: int) -> dict[str, Any]:
    return {'customer_id': f'{owner}-secret-{number}', 'churn_score': 0.9, 'customer_name': f'{owner} name'}


async def write(board: Board, person: Person, owner: str) -> None:
    headers = {'Authorization': f'Bearer {person.token}'}
    async with httpx.AsyncClient(base_url=board.url, headers=headers, timeout=30) as rest:
        for number in range(ROUNDS):
            assert (await rest.post('/api/predictions', json=[row(owner, number)])).status_code == 200
            data = (await rest.get('/api/live-data')).text
            assert f'{owner}-secret-{number}' in data
            assert_nothing_of('bob' if owner == 'alice' else 'alice', data)
            granted = (await rest.post('/api/exports', json={'format': 'csv'})).json()['data']
            assert_nothing_of('bob' if owner == 'alice' else 'alice', (await rest.get(granted['url'])).text)


def assert_nothing_of(other: str, text: str) -> None:
    assert f'{other}-secret' not in text
    assert f'{other} name' not in text


def everything(listener: Listener) -> str:
    return json.dumps(listener.heard)


async def test_two_users_at_once_never_see_each_others_data(board: Board, alice: Person, bob: Person) -> None:
    async with (
        listening(board.url, alice.token) as of_alice,
        listening(board.url, alice.token, transport='polling') as second_of_alice,
        listening(board.url, bob.token) as of_bob,
    ):
        await of_bob.act('filter', {'q': 'alice'})
        await asyncio.gather(write(board, alice, 'alice'), write(board, bob, 'bob'))
        for listener, owner, other in (
            (of_alice, 'alice', 'bob'),
            (second_of_alice, 'alice', 'bob'),
            (of_bob, 'bob', 'alice'),
        ):
            await listener.next('new_prediction')
            await listener.next('dashboard_update', where=lambda data: data['seq'] > 3)
            assert f'{owner}-secret' in everything(listener)
            assert_nothing_of(other, everything(listener))
        beat = of_bob.of('dashboard_update')[-1]
        assert beat['metrics']['total_predictions'] == 0, 'his filter matches nothing of his own'


async def test_a_token_of_one_user_opens_nothing_of_another(board: Board, alice: Person, bob: Person) -> None:
    await write(board, alice, 'alice')
    with board.rest(bob.token) as rest:
        for parameters in ({}, {'q': 'alice-secret'}, {'source': ''}):
            answer = rest.get('/api/live-data', params={key: value for key, value in parameters.items() if value})
            assert answer.json()['data']['metrics']['total_predictions'] == 0
            assert_nothing_of('alice', answer.text)
