"""How the reader of a page wants to see it: asked for once, before the page is built."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, Protocol

from nicegui import Client, ui

from app.reader_locale import number_format
from components.formats import NumberFormat
from services.errors import ChurnboardError
from services.preferences import Locale, Preferences, Theme

log = logging.getLogger(__name__)

P = ParamSpec('P')
PREFERENCES = 'churnboard.preferences'
"""Where they are left in the request's scope, as the sign-in gate leaves the identity."""

IS_DARK = {Theme.SYSTEM: None, Theme.LIGHT: False, Theme.DARK: True}
"""``None``: as the device has it."""


class ReadsPreferences(Protocol):
    def of(self, user_id: int) -> Awaitable[Preferences]: ...


def with_preferences(store: ReadsPreferences, page: Callable[P, Awaitable[None]]) -> Callable[P, Awaitable[None]]:
    """The page builder, with its reader's preferences at hand; those of a newcomer where they cannot be read."""

    @wraps(page)
    async def build(*args: P.args, **kwargs: P.kwargs) -> None:
        scope = ui.context.client.request.scope
        try:
            scope[PREFERENCES] = await store.of(scope['churnboard.identity'].user_id)
        except ChurnboardError as error:
            log.warning('A page is shown without the preferences of its reader: %s', error.message)
        await page(*args, **kwargs)

    return build


def preferences_of(client: Client) -> Preferences:
    """Those of the reader of a page that is being built."""
    found = client.request.scope.get(PREFERENCES)
    return found if isinstance(found, Preferences) else Preferences()


def numbers_of(client: Client) -> NumberFormat:
    """How the reader of a page writes numbers and dates: as chosen, or as the browser's first language has it."""
    chosen = preferences_of(client).locale
    asked = client.request.headers.get('accept-language', '')
    return number_format(asked if chosen is Locale.BROWSER else chosen.value)
