"""How each person wants to see the pages: kept by account, taken by every page that is opened from then on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, TypedDict, TypeVar, Unpack

from sqlalchemy import Column, ForeignKey, Text
from sqlmodel import Field, Session, SQLModel

from services import users
from services.database import Database
from services.errors import InvalidToken

E = TypeVar('E', bound=StrEnum)


class UpdateInterval(StrEnum):
    """How often a page shows what changed."""

    LIVE = '5'
    """At each beat of the server, which is five seconds unless it is set otherwise, and at once in between."""
    QUARTER_MINUTE = '15'
    MINUTE = '60'
    OFF = 'off'
    """Only when asked."""

    def seconds(self, beat: float) -> float | None:
        """
        :param beat: the server's, in seconds: no page shows more often.
        """
        if self is UpdateInterval.OFF:
            return None
        return beat if self is UpdateInterval.LIVE else max(beat, float(self.value))


class Theme(StrEnum):
    SYSTEM = 'system'
    """As the reader's device has it."""
    LIGHT = 'light'
    DARK = 'dark'


class Locale(StrEnum):
    """How numbers and dates are written."""

    BROWSER = 'browser'
    """As the reader's browser asks for it."""
    EN_US = 'en-US'
    EN_GB = 'en-GB'
    CS_CZ = 'cs-CZ'
    DA_DK = 'da-DK'
    DE_DE = 'de-DE'
    DE_AT = 'de-AT'
    DE_CH = 'de-CH'
    ES_ES = 'es-ES'
    ES_MX = 'es-MX'
    FR_FR = 'fr-FR'
    FR_CH = 'fr-CH'
    IT_IT = 'it-IT'
    JA_JP = 'ja-JP'
    KO_KR = 'ko-KR'
    NB_NO = 'nb-NO'
    NL_NL = 'nl-NL'
    PL_PL = 'pl-PL'
    PT_BR = 'pt-BR'
    PT_PT = 'pt-PT'
    FI_FI = 'fi-FI'
    SV_SE = 'sv-SE'
    TR_TR = 'tr-TR'
    ZH_CN = 'zh-CN'


@dataclass(frozen=True, kw_only=True, slots=True)
class Preferences:
    """Of one person; these are those of one who never chose any."""

    interval: UpdateInterval = UpdateInterval.LIVE
    paused: bool = False
    theme: Theme = Theme.SYSTEM
    locale: Locale = Locale.BROWSER
    shortcuts: bool = True
    """Whether single keys do something."""


class PreferenceChange(TypedDict, total=False):
    """Those of the preferences that change."""

    interval: UpdateInterval
    paused: bool
    theme: Theme
    locale: Locale
    shortcuts: bool


class StoredPreferences(SQLModel, table=True):
    """The row of a user who chose something."""

    __tablename__ = 'preferences'
    __table_args__ = ({'sqlite_with_rowid': False},)

    user_id: int = Field(
        sa_column=Column(ForeignKey('user.id', ondelete='CASCADE'), primary_key=True, autoincrement=False)
    )
    interval: str = Field(sa_column=Column(Text, nullable=False))
    paused: bool
    theme: str = Field(sa_column=Column(Text, nullable=False))
    locale: str = Field(sa_column=Column(Text, nullable=False))
    shortcuts: bool


class PreferenceStore:
    """Reads and writes preferences, on the database's threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, user_id: int) -> Preferences:
        """
        :raises Unavailable: the database does not answer.
        """
        return await self._database.read(lambda session: _preferences(session.get(StoredPreferences, user_id)))

    async def change(self, user_id: int, **changes: Unpack[PreferenceChange]) -> Preferences:
        """Set what is named and leave the rest, so that two tabs undo nothing of each other; all of them then.

        :raises InvalidToken: there is no such user any more.
        :raises Unavailable: the database does not answer.
        """
        return await self._database.write(lambda session: _change(session, user_id, changes))


def _change(session: Session, user_id: int, changes: Mapping[str, Any]) -> Preferences:
    if users.hold(session, user_id) is None:  # held, so that two first choices at once are not both inserted
        raise InvalidToken
    row = session.get(StoredPreferences, user_id)
    if row is None:
        row = StoredPreferences(user_id=user_id, **asdict(Preferences()))
        session.add(row)
    for name, value in changes.items():
        setattr(row, name, value)
    return _preferences(row)


def _preferences(row: StoredPreferences | None) -> Preferences:
    if row is None:
        return Preferences()
    return Preferences(
        interval=_known(UpdateInterval, row.interval, otherwise=UpdateInterval.LIVE),
        paused=row.paused,
        theme=_known(Theme, row.theme, otherwise=Theme.SYSTEM),
        locale=_known(Locale, row.locale, otherwise=Locale.BROWSER),
        shortcuts=row.shortcuts,
    )


def _known(kind: type[E], value: str, *, otherwise: E) -> E:
    """Another release may have offered what this one does not: no reason to show no page."""
    return kind(value) if value in set(kind) else otherwise
