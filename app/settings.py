"""Everything that may differ between two installations, read once from ``CHURNBOARD_*`` variables."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from decimal import InvalidOperation
from pathlib import Path
from typing import Any, Self

from app.setting_readers import READERS, read_port_number
from services.scores import RiskBands

PREFIX = 'CHURNBOARD_'
MIN_SECRET_BYTES = 32
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
    session_hours: float = 12
    session_max_hours: float = 168
    medium_risk: int = 400_000
    high_risk: int = 700_000
    max_upload_mb: int = 200
    max_connections: int = 10_000
    max_connections_per_user: int = 20
    max_connections_per_address: int = 500
    max_connections_unauthenticated: int = 500
    max_message_kb: int = 64
    events_per_second: int = 10
    exports_per_minute: int = 10
    failed_sign_ins_per_hour: int = 20
    failed_sign_ins_per_address: int = 50
    metrics_token: str = ''
    socket_compression: bool = False
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


def read_port(name: str, text: str) -> int:
    """A port given elsewhere than in the environment.

    :raises SettingsError: names where it was given.
    """
    return int(_read(name, text, read_port_number))


assert READERS.keys() == {field.name for field in fields(Settings)}
