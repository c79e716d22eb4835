"""The programs of the page at ``/connect``: complete, and run by the tests as they stand there."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote

from components.code_snippet import PLACEHOLDER


@dataclass(frozen=True, kw_only=True)
class Snippet:
    """One program or command."""

    name: str
    tab: str
    title: str
    note: str
    code: str


def snippets(origin: str, *, email: str) -> tuple[Snippet, ...]:
    """
    :param origin: scheme and host of this server, as the caller reaches it.
    :param email: of the signed-in user.
    """
    return (
        Snippet(
            name='curl-read',
            tab='curl',
            title='Read the numbers',
            note='What the board shows now.',
            code=f"curl -sS '{origin}/api/live-data' \\\n  -H 'Authorization: Bearer {PLACEHOLDER}'",
        ),
        Snippet(
            name='curl-send',
            tab='curl',
            title='Send predictions',
            note='They are on the board within a second.',
            code=_SEND.format(origin=origin, token=PLACEHOLDER),
        ),
        Snippet(
            name='curl-token',
            tab='curl',
            title='Get a token without a browser',
            note='For a script that runs longer than one token.',
            code=_TOKEN.format(origin=origin, username=quote(f'username={email}')),
        ),
        Snippet(
            name='python-socketio',
            tab='Python',
            title='Follow the board',
            note='First: pip install "python-socketio[asyncio_client]"',
            code=_PYTHON.replace('ORIGIN', origin),
        ),
        Snippet(
            name='javascript',
            tab='JavaScript',
            title='Follow the board',
            note='First: npm install socket.io-client. Then: node board.mjs',
            code=_JAVASCRIPT.replace('ORIGIN', origin),
        ),
    )


_SEND = """\
curl -sS '{origin}/api/predictions' \\
  -H 'Authorization: Bearer {token}' \\
  -H 'Content-Type: application/json' \\
  -d '[{{"customer_id": "C-1", "churn_score": 0.82}}]'"""

_TOKEN = """\
printf 'Password: '; read -rs PASSWORD
curl -sS '{origin}/api/auth/token' \\
  --data-urlencode {username} \\
  --data-urlencode "password=$PASSWORD\""""

_PYTHON = f"""\
import asyncio

import socketio

client = socketio.AsyncClient()


@client.event
async def connected(answer):
    print(answer['status'], answer['message'])


@client.event
async def dashboard_update(board):
    metrics = board['metrics']
    high, total = metrics['high_risk_predictions'], metrics['total_predictions']
    print(board['timestamp'], f'{{high:,}} of {{total:,}} predictions are high risk')


@client.event
async def new_prediction(prediction):
    print('new:', prediction['customer_id'], prediction['churn_score'])


@client.event
async def error(problem):
    print(problem['code'], problem['message'])


async def main():
    await client.connect('ORIGIN', auth={{'token': '{PLACEHOLDER}'}})
    await client.wait()


asyncio.run(main())"""

_JAVASCRIPT = f"""\
import {{ io }} from 'socket.io-client';

const socket = io('ORIGIN', {{ auth: {{ token: '{PLACEHOLDER}' }} }});

socket.on('connected', ({{ status, message }}) => console.log(status, message));

socket.on('dashboard_update', ({{ timestamp, metrics }}) => {{
  const {{ high_risk_predictions: high, total_predictions: total }} = metrics;
  console.log(timestamp, `${{high}} of ${{total}} predictions are high risk`);
}});

socket.on('new_prediction', ({{ customer_id, churn_score }}) => console.log('new:', customer_id, churn_score));

socket.on('error', ({{ code, message }}) => console.error(code, message));

socket.on('connect_error', (error) => console.error('no connection:', error.message));"""
