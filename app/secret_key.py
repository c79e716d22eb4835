"""The key that signs tokens: the setting, or one generated once and kept beside the embedded database."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from app.settings import MIN_SECRET_BYTES, Settings, SettingsError

FILE = 'secret.key'


def secret_key(settings: Settings) -> str:
    """The key of this installation; the same for every process that shares the data folder.

    :raises SettingsError: the key is needed but not set, or its file cannot be kept.
    """
    if settings.secret_key:
        return settings.secret_key
    if not settings.embedded:
        raise SettingsError('CHURNBOARD_SECRET_KEY: must be set where CHURNBOARD_DATABASE_URL is')
    path = settings.data_dir / FILE
    try:
        return _read(path) if path.exists() else _create(path)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, 'strerror', None) or 'not text'
        raise SettingsError(
            f'CHURNBOARD_DATA_DIR: cannot keep the secret key in {path} ({reason}); '
            'make the folder writable or set CHURNBOARD_SECRET_KEY'
        ) from error


def _create(path: Path) -> str:
    """Write the whole key under another name, then give it its own: nobody ever reads half a key.

    Linking fails where the name is taken, so of two processes that start at once one wins and both read its key.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f'.{FILE}-', dir=path.parent)  # 0600 from the start
    try:
        with open(descriptor, 'w', encoding='ascii') as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        os.unlink(temporary)
    return _read(path)


def _read(path: Path) -> str:
    key = path.read_text(encoding='ascii').strip()
    if len(key) < MIN_SECRET_BYTES:
        raise SettingsError(f'CHURNBOARD_DATA_DIR: {path} holds no usable key; delete it to get a new one')
    return key
