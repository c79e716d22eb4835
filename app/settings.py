"""Everything that may differ between two installations, read once from ``CHURNBOARD_*`` variables."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Self

from sqlalchemy import make_url

from services.scores import RiskBands

PREFIX = 'CHURNBOARD_'
MIN_SECRET_BYTES = 32
A_DATABASE_URL = 'give a URL such as postgresql://user:password@host/database'
WEAK_SECRETS = ('secret', 'changeme', 'password', 'churnboard')


class SettingsError(Exception):
    """A setting that cannot be used; the message names the variable and says what it needs."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings. The README's table lists them; a test holds it against this class."""

    host: str = '127.0.0.1'
    port: int = 8080
    data_dir: Path = Path('data')
    database_url: str = ''
    secret_key: str = ''
    public_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    refresh_seconds: float = 5.0
    token_seconds: int = 3600
    session_hours: int = 12
    medium_risk: int = 400_000
    high_risk: int = 700_000
    max_upload_mb: int = 200
    log_level: str = 'info'

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        """Read the environment; the value of ``CHURNBOARD_X_FILE`` names a file that holds ``CHURNBOARD_X``.

        :raises SettingsError: an unknown variable or the first value that cannot be used, named.
        """
        _refuse_unknown(env)
        values: dict[str, Any] = {}
        for name, read in READERS.items():
            text = _text(env, PREFIX + name.upper())
            if text is not None:
                values[name] = _read(PREFIX + name.upper(), text, read)
        settings = cls(**values)
        settings._check()
        return settings

    @property
    def embedded(self) -> bool:
        """Whether the data lies in the SQLite file of the data folder."""
        return not self.database_url

    @property
    def database(self) -> str:
        return self.database_url or f'sqlite:///{self.data_dir / "churnboard.sqlite3"}'

    @property
    def bands(self) -> RiskBands:
        return RiskBands(medium=self.medium_risk, high=self.high_risk)

    def _check(self) -> None:
        if self.medium_risk >= self.high_risk:
            raise SettingsError('CHURNBOARD_MEDIUM_RISK must be below CHURNBOARD_HIGH_RISK')
        if self.secret_key or not self.embedded:
            _check_secret(self.secret_key)


def _refuse_unknown(env: Mapping[str, str]) -> None:
    known = {PREFIX + name.upper() for name in READERS}
    for key in env:
        if key.startswith(PREFIX) and key.removesuffix('_FILE') not in known and not key.startswith('CHURNBOARD_TEST_'):
            raise SettingsError(f'{key}: there is no such setting')


def _text(env: Mapping[str, str], key: str) -> str | None:
    path = env.get(f'{key}_FILE')
    if path is None:
        return env.get(key)
    if key in env:
        raise SettingsError(f'{key}: set either {key} or {key}_FILE, not both')
    try:
        return Path(path).read_text(encoding='utf-8').rstrip('\r\n')
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f'{key}_FILE: cannot read {path}') from error


def _read(key: str, text: str, read: Callable[[str], Any]) -> Any:
    try:
        return read(text.strip())
    except (ValueError, InvalidOperation) as error:
        raise SettingsError(f'{key}: {error}') from error


def _check_secret(secret: str) -> None:
    weak = any(word * 2 in secret.lower() or secret.lower().startswith(word) for word in WEAK_SECRETS)
    if len(secret.encode()) < MIN_SECRET_BYTES or len(set(secret)) < 12 or weak:
        raise SettingsError(
            f'CHURNBOARD_SECRET_KEY: set at least {MIN_SECRET_BYTES} random characters, such as the output of '
            '`python -c "import secrets; print(secrets.token_urlsafe(48))"`'
        )


def _host(text: str) -> str:
    if not text:
        raise ValueError('give an address to listen on, such as 127.0.0.1')
    return text


def _port(text: str) -> int:
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


def _session_hours(text: str) -> int:
    return int(_number(text, 'whole hours from 1 to 720', low=1, high=720, whole=True))


def _risk(text: str) -> int:
    score = _number(text, 'a score between 0 and 1', low=0.05, high=0.95)
    if score % Decimal('0.05'):
        raise ValueError('must be a multiple of 0.05')
    return int(score * 1_000_000)


def _max_upload(text: str) -> int:
    return int(_number(text, 'whole megabytes from 1 to 10240', low=1, high=10_240, whole=True))


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


def read_port(name: str, text: str) -> int:
    """A port given elsewhere than in the environment.

    :raises SettingsError: names where it was given.
    """
    return int(_read(name, text, _port))


READERS: dict[str, Callable[[str], Any]] = {
    'host': _host,
    'port': _port,
    'data_dir': _folder,
    'database_url': _database_url,
    'secret_key': str,
    'public_origins': _origins,
    'trusted_proxies': _words,
    'refresh_seconds': _refresh,
    'token_seconds': _token_seconds,
    'session_hours': _session_hours,
    'medium_risk': _risk,
    'high_risk': _risk,
    'max_upload_mb': _max_upload,
    'log_level': _log_level,
}
assert READERS.keys() == {field.name for field in fields(Settings)}
