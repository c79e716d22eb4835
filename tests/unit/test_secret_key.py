from __future__ import annotations

import logging
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from app.secret_key import secret_key
from app.settings import Settings, SettingsError
from tests.accounts import SECRET


def test_the_setting_is_the_key_and_no_file_is_written(tmp_path: Path) -> None:
    assert secret_key(Settings(data_dir=tmp_path, secret_key=SECRET)) == SECRET
    assert list(tmp_path.iterdir()) == []


def test_without_the_setting_a_key_is_made_once_and_kept_private(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(data_dir=tmp_path / 'new' / 'data')
    with caplog.at_level(logging.DEBUG):
        key = secret_key(settings)

    assert len(key) >= 48
    assert secret_key(settings) == key
    assert key not in caplog.text
    assert [path.name for path in settings.data_dir.iterdir()] == ['secret.key']
    assert stat.S_IMODE((settings.data_dir / 'secret.key').stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.data_dir.stat().st_mode) == 0o700


def test_two_installations_have_different_keys(tmp_path: Path) -> None:
    assert secret_key(Settings(data_dir=tmp_path / 'a')) != secret_key(Settings(data_dir=tmp_path / 'b'))


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    for attempt in range(20):
        settings = Settings(data_dir=tmp_path / str(attempt))
        barrier = Barrier(8)

        def start(settings: Settings = settings, barrier: Barrier = barrier) -> str:
            barrier.wait()
            return secret_key(settings)

        with ThreadPoolExecutor(8) as threads:
            keys = {future.result() for future in [threads.submit(start) for _ in range(8)]}
        assert len(keys) == 1
        assert os.listdir(settings.data_dir) == ['secret.key']


@pytest.mark.parametrize('content', [b'', b'short', b'\xff' * 64])
def test_a_damaged_key_is_not_used(tmp_path: Path, content: bytes) -> None:
    (tmp_path / 'secret.key').write_bytes(content)
    with pytest.raises(SettingsError, match=r'secret\.key'):
        secret_key(Settings(data_dir=tmp_path))


def test_a_folder_that_cannot_be_written_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / 'data').write_text('a file stands where the folder should be')
    with pytest.raises(SettingsError, match=r'^CHURNBOARD_DATA_DIR: .*make the folder writable') as refused:
        secret_key(Settings(data_dir=tmp_path / 'data'))
    assert '\n' not in str(refused.value)


def test_an_own_database_needs_an_own_key(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match='CHURNBOARD_SECRET_KEY'):
        secret_key(Settings(data_dir=tmp_path, database_url='postgresql://localhost/churnboard'))
