from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from datetime import timedelta
from typing import Any

import jwt
import pytest

from services.errors import InvalidToken
from services.tokens import Tokens
from tests.accounts import NOON, SECRET, SettableClock

NOW = int(NOON.timestamp())
HEADER = {'alg': 'HS256', 'typ': 'at+jwt'}
CLAIMS = {
    'iss': 'churnboard',
    'aud': 'churnboard',
    'sub': '7',
    'iat': NOW,
    'exp': NOW + 3600,
    'jti': 'a-token-id',
    'tv': 3,
}
MISSING = 'left out'


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def tokens(clock: SettableClock) -> Tokens:
    return Tokens(SECRET, max_seconds=3600, clock=clock)


def encoded(part: object) -> str:
    text = part if isinstance(part, str) else json.dumps(part)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b'=').decode()


def forged(header: object = HEADER, payload: object = CLAIMS, *, key: str = SECRET, algorithm: str = 'sha256') -> str:
    """A token with a good signature over whatever is in it."""
    signed = f'{encoded(header)}.{encoded(payload)}'
    signature = hmac.new(key.encode(), signed.encode(), getattr(hashlib, algorithm)).digest()
    return f'{signed}.{base64.urlsafe_b64encode(signature).rstrip(b"=").decode()}'


def claims(**changes: object) -> dict[str, Any]:
    return {key: value for key, value in {**CLAIMS, **changes}.items() if value is not MISSING}


def refused(tokens: Tokens, token: object) -> None:
    with pytest.raises(InvalidToken) as failure:
        tokens.verify(token)
    assert failure.value.payload() == InvalidToken().payload()
    assert failure.value.__suppress_context__


def test_what_was_issued_is_verified(tokens: Tokens) -> None:
    token = tokens.issue(7, 3, seconds=60, session_hash='ab' * 32)

    assert jwt.get_unverified_header(token) == HEADER
    found = tokens.verify(token)
    assert (found.user_id, found.token_version, found.session_hash) == (7, 3, 'ab' * 32)
    assert found.expires_at.timestamp() == NOW + 60


def test_every_token_has_another_id(tokens: Tokens) -> None:
    ids = {tokens.verify(tokens.issue(7, 3, seconds=60)).token_id for _ in range(10)}
    assert len(ids) == 10


def test_the_forger_of_these_tests_makes_good_tokens(tokens: Tokens) -> None:
    assert tokens.verify(forged()).token_id == 'a-token-id'


@pytest.mark.parametrize(
    'header',
    [
        {**HEADER, 'alg': 'none'},
        {**HEADER, 'alg': 'None'},
        {**HEADER, 'alg': 'nOnE'},
        {**HEADER, 'alg': ''},
        {**HEADER, 'alg': None},
        {**HEADER, 'alg': ['HS256']},
        {**HEADER, 'alg': 'HS512'},
        {**HEADER, 'alg': 'RS256'},
        {'typ': 'at+jwt'},
        {'alg': 'HS256'},
        {**HEADER, 'typ': 'JWT'},
        {**HEADER, 'typ': 'refresh+jwt'},
        {**HEADER, 'kid': '../../dev/null'},
        {**HEADER, 'kid': "' OR 1=1"},
        {**HEADER, 'jku': 'http://evil'},
        {**HEADER, 'crit': ['x']},
        {**HEADER, 'b64': False, 'crit': ['b64']},
        {**HEADER, 'b64': True},
        [],
        'null',
        '"text"',
        '{',
        '[' * 2000,
    ],
)
def test_any_other_header_is_refused_in_spite_of_a_good_signature(tokens: Tokens, header: object) -> None:
    refused(tokens, forged(header))


@pytest.mark.parametrize('algorithm', ['sha384', 'sha512'])
def test_another_digest_is_refused(tokens: Tokens, algorithm: str) -> None:
    name = algorithm.replace('sha', 'HS')
    refused(tokens, forged({**HEADER, 'alg': name}, algorithm=algorithm))


@pytest.mark.parametrize('key', ['', 'another key of sufficient length!', '-----BEGIN PUBLIC KEY-----\nMIIB\n'])
def test_another_key_is_refused(tokens: Tokens, key: str) -> None:
    refused(tokens, forged(key=key))


def test_a_token_without_signature_is_refused(tokens: Tokens) -> None:
    head, payload, _ = forged({**HEADER, 'alg': 'none'}).split('.')
    refused(tokens, f'{head}.{payload}.')
    refused(tokens, f'{head}.{payload}')


BAD_VALUES: dict[str, tuple[object, ...]] = {
    'exp': (
        NOW,
        NOW - 1,
        'abc',
        str(NOW + 60),
        float('nan'),
        float('inf'),
        True,
        NOW + 60.0,
        10**400,
        {},
        NOW + 3601,
        253402300799,
        -1,
    ),
    'iat': (NOW + 600, NOW + 6, str(NOW), float(NOW), True, -(10**400), NOW - 86_400),
    'nbf': (NOW + 600, NOW + 6, None, 'soon', True, float('nan')),
    'sub': (7, '', '0', '07', '-7', '+7', ' 7', '7 ', '7\n', '7_0', '٧', '7.0', '1' * 19, 'alice', True),
    'tv': ('3', 3.0, True, -1, {}),
    'aud': ('other', '', ['churnboard', 'other']),
    'iss': ('other', ''),
    'jti': ('', 5, {}),
    'sid': ('', 5, 'ab', 'AB' * 32, ['ab' * 32]),
}


@pytest.mark.parametrize(
    'changes',
    [
        *({name: value} for name in CLAIMS for value in (MISSING, None, [CLAIMS[name]])),
        *({name: value} for name, values in BAD_VALUES.items() for value in values),
    ],
    ids=lambda changes: ascii(changes)[:40],
)
def test_a_claim_that_is_not_as_issued_is_refused(tokens: Tokens, changes: dict[str, object]) -> None:
    refused(tokens, forged(payload=claims(**changes)))


@pytest.mark.parametrize('exp', ['1e999', '-1e999', 'NaN', '1' * 3000, '[[' * 500])
def test_an_expiry_outside_of_json_is_refused(tokens: Tokens, exp: str) -> None:
    payload = json.dumps(claims(exp='EXP')).replace('"EXP"', exp)
    refused(tokens, forged(payload=payload))


@pytest.mark.parametrize('payload', ['', 'null', '[]', '7', '{', '{"sub":"\\ud800"}', '[' * 2000])
def test_a_payload_that_is_no_object_is_refused(tokens: Tokens, payload: str) -> None:
    refused(tokens, forged(payload=payload))


@pytest.mark.parametrize(
    'token',
    [
        None,
        '',
        5,
        True,
        1.5,
        float('nan'),
        b'a.b.c',
        [],
        [1],
        ['x'],
        {},
        {'token': 'x'},
        object(),
        '\ud800.a.b',
        'ü.a.b',
        '.',
        '..',
        'a.b',
        'a.b.c',
        'a.b.c.d',
        '\0',
        '...........',
        'a' * 4096,
    ],
    ids=lambda token: ascii(token)[:20],
)
def test_what_is_no_token_is_refused(tokens: Tokens, token: object) -> None:
    refused(tokens, token)


@pytest.mark.parametrize(
    'spoil', ['{}\n', ' {}', '{} ', 'Bearer {}', '{}.', '.{}', '{}.x', '{}=', '{}==', '{}\0', '"{}"']
)
def test_anything_around_a_good_token_is_refused(tokens: Tokens, spoil: str) -> None:
    refused(tokens, spoil.format(forged()))


def test_another_spelling_of_the_signature_is_refused(tokens: Tokens) -> None:
    token = forged()
    for character in 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_':
        if character != token[-1]:
            refused(tokens, token[:-1] + character)


def test_a_huge_token_is_refused_before_it_is_decoded(tokens: Tokens) -> None:
    huge = forged(payload=claims(note='x' * 1_000_000))
    started = time.process_time()
    refused(tokens, huge)
    assert time.process_time() - started < 0.01  # decoding it takes 67 ms


def test_a_token_ends_with_its_last_second(tokens: Tokens, clock: SettableClock) -> None:
    token = forged(payload=claims(exp=NOW + 60))
    clock.advance(seconds=59.9)
    assert tokens.verify(token)
    clock.advance(seconds=0.1)
    refused(tokens, token)


def test_another_servers_clock_may_be_five_seconds_ahead(tokens: Tokens) -> None:
    assert tokens.verify(forged(payload=claims(iat=NOW + 5, nbf=NOW + 5)))


def test_no_token_is_issued_for_longer_than_allowed(tokens: Tokens) -> None:
    assert tokens.verify(tokens.issue(7, 3, seconds=10**6)).expires_at.timestamp() == NOW + 3600


def test_a_token_says_when_the_password_was_given(tokens: Tokens, clock: SettableClock) -> None:
    assert tokens.verify(tokens.issue(7, 3, seconds=60)).signed_in_at == clock.now
    earlier = clock.now - timedelta(hours=5)
    assert tokens.verify(tokens.issue(7, 3, seconds=60, signed_in_at=earlier)).signed_in_at == earlier


def test_a_renewed_token_names_the_first_of_its_sign_in_and_that_one_itself(tokens: Tokens) -> None:
    first = tokens.verify(tokens.issue(7, 3, seconds=60))
    renewed = tokens.verify(tokens.issue(7, 3, seconds=60, origin_id=first.origin_id))
    assert first.origin_id == renewed.origin_id == first.token_id != renewed.token_id


@pytest.mark.parametrize('origin', [None, '', 5, ['a-token-id'], {}])
def test_a_token_that_was_renewed_from_none_is_refused(tokens: Tokens, origin: object) -> None:
    refused(tokens, forged(payload=claims(origin_jti=origin)))


@pytest.mark.parametrize('exp', [NOW - 1, NOW + 3600])
def test_what_has_expired_is_recognized_and_never_verified(tokens: Tokens, clock: SettableClock, exp: int) -> None:
    token = forged(payload=claims(iat=NOW - 60, exp=exp - 60))
    clock.advance(hours=2)
    assert tokens.recognize(token).token_id == 'a-token-id'
    refused(tokens, token)
    for nothing in (forged(key='another'), forged(payload=claims(exp='x')), 'a.b.c', None):
        with pytest.raises(InvalidToken):
            tokens.recognize(nothing)


def test_a_token_of_before_there_were_renewals_counts_from_its_own_start(tokens: Tokens) -> None:
    assert tokens.verify(forged(payload=claims())).signed_in_at.timestamp() == NOW


@pytest.mark.parametrize(
    'at', [NOW + 1, -1, True, float(NOW), str(NOW), None, [], 10**400], ids=lambda at: ascii(at)[:9]
)
def test_a_token_whose_password_was_given_at_no_time_is_refused(tokens: Tokens, at: object) -> None:
    refused(tokens, forged(payload=claims(auth_time=at)))
