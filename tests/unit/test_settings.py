from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.settings import READERS, Settings, SettingsError

README = Path(__file__).parents[2] / 'README.md'
GOOD_SECRET = 'k3Jx0v9QeWcYb7Zs1LhTnRm5Ua8Pd2Gf'


def test_the_readme_lists_every_setting_and_no_other() -> None:
    listed = re.findall(r'^\| `CHURNBOARD_([A-Z_]+)` \|', README.read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(name.upper() for name in READERS)


def test_without_variables_the_embedded_default_is_used() -> None:
    settings = Settings.from_env({})
    assert settings.embedded
    assert settings.database == 'sqlite:///data/churnboard.sqlite3'
    assert settings.refresh_seconds == 5


def test_a_value_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / 'key').write_text(f'{GOOD_SECRET}\n')
    assert Settings.from_env({'CHURNBOARD_SECRET_KEY_FILE': str(tmp_path / 'key')}).secret_key == GOOD_SECRET


@pytest.mark.parametrize(
    ('env', 'named'),
    [
        ({'CHURNBOARD_PORT': 'eighty'}, 'CHURNBOARD_PORT'),
        ({'CHURNBOARD_PORT': '0'}, 'CHURNBOARD_PORT'),
        ({'CHURNBOARD_PORT': '70000'}, 'CHURNBOARD_PORT'),
        ({'CHURNBOARD_REFRESH_SECONDS': '0.1'}, 'CHURNBOARD_REFRESH_SECONDS'),
        ({'CHURNBOARD_REFRESH_SECONDS': 'nan'}, 'CHURNBOARD_REFRESH_SECONDS'),
        ({'CHURNBOARD_SESSION_HOURS': '0.05'}, 'CHURNBOARD_SESSION_HOURS'),
        ({'CHURNBOARD_SESSION_MAX_HOURS': '721'}, 'CHURNBOARD_SESSION_MAX_HOURS'),
        ({'CHURNBOARD_HIGH_RISK': '0.71'}, 'CHURNBOARD_HIGH_RISK'),
        ({'CHURNBOARD_HIGH_RISK': '0.4'}, 'CHURNBOARD_MEDIUM_RISK'),
        ({'CHURNBOARD_DATABASE_URL': 'mysql://x'}, 'CHURNBOARD_DATABASE_URL'),
        ({'CHURNBOARD_DATABASE_URL': 'nonsense'}, 'CHURNBOARD_DATABASE_URL'),
        ({'CHURNBOARD_PUBLIC_ORIGINS': 'board.example.com'}, 'CHURNBOARD_PUBLIC_ORIGINS'),
        ({'CHURNBOARD_MAX_UPLOAD_MB': '0'}, 'CHURNBOARD_MAX_UPLOAD_MB'),
        ({'CHURNBOARD_MAX_UPLOAD_MB': '1.5'}, 'CHURNBOARD_MAX_UPLOAD_MB'),
        ({'CHURNBOARD_MAX_UPLOAD_MB': '10241'}, 'CHURNBOARD_MAX_UPLOAD_MB'),
        ({'CHURNBOARD_LOG_LEVEL': 'loud'}, 'CHURNBOARD_LOG_LEVEL'),
        ({'CHURNBOARD_COLOUR': 'red'}, 'CHURNBOARD_COLOUR'),
        ({'CHURNBOARD_PORT_FILE': '/nowhere'}, 'CHURNBOARD_PORT_FILE'),
        ({'CHURNBOARD_PORT': '1', 'CHURNBOARD_PORT_FILE': 'x'}, 'CHURNBOARD_PORT'),
    ],
)
def test_what_cannot_be_used_is_named(env: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        Settings.from_env(env)


@pytest.mark.parametrize(
    'url',
    [
        'postgresql://user:p@ss:wordSECRET@host/db',
        'postgresql://user:SECRET@host:portSECRET/db',
        'SECRET',
        'mysql://user:SECRET@host/db',
    ],
)
def test_a_database_url_that_cannot_be_read_is_never_shown(url: str) -> None:
    with pytest.raises(SettingsError, match='CHURNBOARD_DATABASE_URL') as refusal:
        Settings.from_env({'CHURNBOARD_DATABASE_URL': url, 'CHURNBOARD_SECRET_KEY': GOOD_SECRET})
    assert 'SECRET' not in str(refusal.value)
    assert refusal.value.__cause__ is None or 'SECRET' not in str(refusal.value.__cause__)


@pytest.mark.parametrize('secret', ['', 'secret', 'x' * 40, 'changeme' * 5, 'a1' * 20, GOOD_SECRET[:31]])
def test_with_a_database_url_a_weak_secret_stops_the_start(secret: str) -> None:
    env = {'CHURNBOARD_DATABASE_URL': 'postgresql://localhost/board', 'CHURNBOARD_SECRET_KEY': secret}
    with pytest.raises(SettingsError, match='CHURNBOARD_SECRET_KEY') as refusal:
        Settings.from_env(env)
    assert not secret or secret not in str(refusal.value).replace('CHURNBOARD_SECRET_KEY', '').replace('secrets', '')
