"""API keys by REST: managed with a token or from a page, never with a key."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from app.api.identity import current_identity
from app.api.json_body import json_object
from app.api.openapi import CHANGING, READING, described, json_body
from services.api_keys import ApiKeyInfo, ApiKeys
from services.auth import Auth
from services.clock import rfc3339
from services.credential_schemas import ApiKeyAsk, ApiKeyData, ApiKeyList, NewApiKeyData
from services.errors import InvalidRequest, NotFound
from services.identity import Identity, KeyScope

HEADERS = {'Cache-Control': 'no-store'}
LONGEST_NUMBER = 18
SUCH_AS = '{"name": "nightly scores", "scope": "ingest"}'


def create_router(auth: Auth, keys: ApiKeys) -> APIRouter:
    router = APIRouter(prefix='/api/keys', tags=['keys'])
    Caller = Annotated[Identity, Depends(current_identity(auth))]

    @router.get('', **described('List keys', ApiKeyList, fails=READING))
    async def get_keys(caller: Caller) -> JSONResponse:
        """Your keys, newest first. Their texts are not known here."""
        return _answer([_public(info) for info in await keys.list(caller.user_id)])

    @router.post(
        '',
        **described(
            'Make a key',
            NewApiKeyData,
            fails=CHANGING,
            body=json_body(ApiKeyAsk, {'name': 'nightly scores', 'scope': 'ingest'}),
            status=201,
        ),
    )
    async def post_key(request: Request, caller: Caller) -> JSONResponse:
        """Make a key; ``key`` in the answer is its text, shown this once.

        ``scope`` is ``read`` (every GET, and the live data) or ``ingest`` (sending predictions and files).
        """
        body = await json_object(request, 'name', 'scope', such_as=SUCH_AS)
        name, scope = _name(body.get('name')), _scope(body.get('scope'))
        made = await keys.create(caller.user_id, name, scope, token_version=caller.token_version)
        return _answer({**_public(made.info), 'key': made.key}, 201)

    @router.delete('/{key_id}', **described('Revoke a key', ApiKeyData, fails=(*CHANGING, 'not_found')))
    async def delete_key(key_id: str, caller: Caller) -> JSONResponse:
        """Revoke a key: it opens nothing from now on, and its connections end."""
        if not (key_id.isascii() and key_id.isdigit() and len(key_id) <= LONGEST_NUMBER):
            raise NotFound('There is no such key: GET /api/keys lists them.')
        return _answer(_public(await keys.revoke(caller.user_id, int(key_id))))

    return router


def _answer(data: object, status: int = 200) -> JSONResponse:
    return JSONResponse({'success': True, 'data': data}, status, HEADERS)


def _public(info: ApiKeyInfo) -> dict[str, object]:
    return {
        'id': str(info.id),
        'name': info.name,
        'scope': info.scope.value,
        'created_at': rfc3339(info.created_at),
        'last_used_at': None if info.last_used_at is None else rfc3339(info.last_used_at),
        'revoked': info.revoked,
    }


def _name(value: object) -> str:
    if not isinstance(value, str):
        raise InvalidRequest('A name is needed, to know the key by.', field='name')
    return value


def _scope(value: object) -> KeyScope:
    if isinstance(value, str) and value in set(KeyScope):
        return KeyScope(value)
    raise InvalidRequest(f'There is no such scope. Known: {", ".join(KeyScope)}.', field='scope')
