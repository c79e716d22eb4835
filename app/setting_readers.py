"""How the text of each setting is read: what it may say, and what to tell whoever wrote something else."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

A_DATABASE_URL = 'give a URL such as postgresql://user:password@host/database'


def _host(text: str) -> str:
    if not text:
        raise ValueError('give an address to listen on, such as 127.0.0.1')
    return text


def read_port_number(text: str) -> int:
    return int(_number(text, 'a port from 1 to 65535', low=1, high=65535, whole=True))


def _folder(text: str) -> Path:
    if not text:
        raise ValueError('give a folder')
    return Path(text)


def _database_url(text: str) -> str:
    try:
        backend = make_url(text).get_backend_name() if text else ''
    except Exception:  # whatever it says may quote the password
        raise ValueError(f'{A_DATABASE_URL}; in a password, write : / @ ? # and % as %3A %2F %40 %3F %23 %25') from None
    if backend not in ('', 'sqlite', 'postgresql'):
        raise ValueError(A_DATABASE_URL)
    return text


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(',') if word.strip())


def _origins(text: str) -> tuple[str, ...]:
    for origin in _words(text):
        scheme, _, rest = origin.partition('://')
        if scheme not in ('http', 'https') or not rest or '/' in rest:
            raise ValueError(f'"{origin}" is no origin: write it as https://board.example.com')
    return tuple(origin.lower() for origin in _words(text))


def _refresh(text: str) -> float:
    return float(_number(text, 'seconds from 0.2 to 3600', low=0.2, high=3600))


def _token_seconds(text: str) -> int:
    return int(_number(text, 'whole seconds from 60 to 86400', low=60, high=86_400, whole=True))


def _hours(text: str) -> float:
    return float(_number(text, 'hours from 0.1 to 720', low=0.1, high=720))


def _risk(text: str) -> int:
    score = _number(text, 'a score between 0 and 1', low=0.05, high=0.95)
    if score % Decimal('0.05'):
        raise ValueError('must be a multiple of 0.05')
    return int(score * 1_000_000)


def _max_upload(text: str) -> int:
    return int(_number(text, 'whole megabytes from 1 to 10240', low=1, high=10_240, whole=True))


def _count(text: str) -> int:
    return int(_number(text, 'a whole number from 1 to 1000000', low=1, high=1_000_000, whole=True))


def _failures(text: str) -> int:
    return int(_number(text, 'a whole number from 1 to 1000', low=1, high=1000, whole=True))


def _max_message(text: str) -> int:
    return int(_number(text, 'whole kilobytes from 1 to 256', low=1, high=256, whole=True))


def _metrics_token(text: str) -> str:
    if text and (len(text) < 16 or not text.isascii() or not text.isprintable() or ' ' in text):
        raise ValueError('give at least 16 printable ASCII characters without spaces')
    return text


def _flag(text: str) -> bool:
    if text.lower() not in ('true', 'false', '1', '0'):
        raise ValueError('write true or false')
    return text.lower() in ('true', '1')


def _log_level(text: str) -> str:
    if text.lower() not in ('debug', 'info', 'warning', 'error'):
        raise ValueError('one of debug, info, warning, error')
    return text.lower()


def _number(text: str, needed: str, *, low: float, high: float, whole: bool = False) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal('NaN')
    if not number.is_finite() or not Decimal(str(low)) <= number <= Decimal(str(high)):
        raise ValueError(f'"{text[:40]}" is not usable, give {needed}')
    if whole and number != int(number):
        raise ValueError(f'"{text[:40]}" is not usable, give {needed}')
    return number


READERS: dict[str, Callable[[str], Any]] = {
    'host': _host,
    'port': read_port_number,
    'data_dir': _folder,
    'database_url': _database_url,
    'secret_key': str,
    'public_origins': _origins,
    'trusted_proxies': _words,
    'refresh_seconds': _refresh,
    'token_seconds': _token_seconds,
    'session_hours': _hours,
    'session_max_hours': _hours,
    'medium_risk': _risk,
    'high_risk': _risk,
    'max_upload_mb': _max_upload,
    'max_connections': _count,
    'max_connections_per_user': _count,
    'max_connections_per_address': _count,
    'max_connections_unauthenticated': _count,
    'max_message_kb': _max_message,
    'events_per_second': _count,
    'exports_per_minute': _count,
    'failed_sign_ins_per_hour': _failures,
    'failed_sign_ins_per_address': _failures,
    'metrics_token': _metrics_token,
    'socket_compression': _flag,
    'log_level': _log_level,
}
"""By the name of the setting; each raises ``ValueError`` with a sentence."""
