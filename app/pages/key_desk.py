"""The API keys of one tab: listed, made, shown once, revoked."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from nicegui import Client

from app.pages.board_services import BoardIdentity
from app.pages.key_services import KeyServices
from app.pages.saving import SIGNED_OUT, UNEXPECTED
from components.confirm_dialog import ConfirmDialog
from components.key_list import KeyItem
from components.key_panel import KeyPanel
from services.api_keys import ApiKeyInfo
from services.clock import rfc3339
from services.errors import ChurnboardError, InvalidRequest, InvalidToken, NotFound
from services.identity import KeyScope

log = logging.getLogger(__name__)

SCOPES = {KeyScope.READ: 'Read: the numbers', KeyScope.INGEST: 'Send: predictions and files'}
POWERS = {KeyScope.READ: 'read all your numbers', KeyScope.INGEST: 'send predictions and files in your name'}


class KeyDesk:
    """What a person does with keys. A new one's text is in the element that shows it, and nowhere else here."""

    def __init__(self, services: KeyServices, identity: BoardIdentity, client: Client, *, about: str = '') -> None:
        """:param about: what is to be read beside the list, before how many there are."""
        self._keys = services.api_keys
        self._auth = services.auth
        self._identity = identity
        self._client = client
        self._about = about
        self._known: Sequence[ApiKeyInfo] = ()
        self._looks = 0
        self._shown_look = 0
        self._making = False
        scopes = {scope.value: words for scope, words in SCOPES.items()}
        self.panel = KeyPanel(scopes, on_make=self._make, on_revoke=self._ask)

    async def look(self) -> None:
        """Show the keys as they are; raises what reading them raises, and what was shown stays."""
        self._looks += 1
        look = self._looks
        keys = await self._keys.list(self._identity.user_id)
        if look < self._shown_look or self._client.is_deleted:
            return  # a later look came back earlier
        self._shown_look = look
        self._known = sorted(keys, key=lambda key: key.revoked)
        self.panel.show_keys([_item(key) for key in self._known], note=self._note(keys))

    def show_problem(self, reason: str) -> None:
        """The keys could not be read."""
        as_known = ' These are the last known ones.' if self._shown_look else ''
        self.panel.show_problem(f'Your keys could not be read. {reason}{as_known}')

    async def _make(self, asked: object) -> None:
        if self._making:
            return
        self._making = True
        self.panel.form.show_error('')
        self.panel.form.show_busy(True)
        try:
            await self._make_key(asked)
        except ChurnboardError as error:
            self._refuse(_why(error), of_name=error.field == 'name')
        except Exception:
            log.exception('an API key could not be made')
            self._refuse(UNEXPECTED)
        finally:
            self._making = False
        await self._look_again()

    async def _make_key(self, asked: object) -> None:
        name, scope = _name(asked), _scope(asked)
        made = await self._keys.create(self._identity.user_id, name, scope, token_version=await self._version())
        if not self._client.is_deleted:
            self.panel.show_new(made.info.name, made.key, power=POWERS[made.info.scope])
            self.panel.tell(f'The key {made.info.name} is made. Copy it now: it is shown this once.')

    def _refuse(self, reason: str, *, of_name: bool = False) -> None:
        if not self._client.is_deleted:
            self.panel.form.show_busy(False)
            self.panel.form.show_error(reason, of_name=of_name)

    def _ask(self, key_id: int) -> None:
        key = next((key for key in self._known if key.id == key_id and not key.revoked), None)
        if key is None:
            return

        async def confirmed() -> None:
            await self._revoke(key, dialog)

        with self._client.content:
            dialog = ConfirmDialog(
                f'Revoke the key “{key.name}”?',
                'Whatever uses it is refused from then on, and its connections end. It cannot be made valid again.',
                action='Revoke',
                on_confirm=confirmed,
            )
        dialog.on('hide', dialog.delete, args=[])
        dialog.ask()

    async def _revoke(self, key: ApiKeyInfo, dialog: ConfirmDialog) -> None:
        try:
            await self._version()
            await self._keys.revoke(self._identity.user_id, key.id)
        except NotFound:
            pass  # that is what was wanted
        except ChurnboardError as error:
            self._keep_asking(dialog, _why(error))
            return
        except Exception:
            log.exception('an API key could not be revoked')
            self._keep_asking(dialog, UNEXPECTED)
            return
        await self._look_again()
        if not self._client.is_deleted:
            self.panel.clear_error()
            self.panel.tell(f'The key {key.name} is revoked.')
            if not dialog.is_deleted:
                dialog.close()

    @staticmethod
    def _keep_asking(dialog: ConfirmDialog, reason: str) -> None:
        if not dialog.is_deleted:
            dialog.show_error(reason)

    async def _look_again(self) -> None:
        """After a change, or one that failed and may have been made all the same."""
        try:
            await self.look()
        except ChurnboardError as error:
            self._tell(error.message)
        except Exception:
            log.exception('the API keys could not be read')
            self._tell(UNEXPECTED)

    def _tell(self, reason: str) -> None:
        if not self._client.is_deleted:
            self.show_problem(reason)

    async def _version(self) -> int:
        """The account's token version, which a password that was changed since has raised.

        :raises InvalidToken: whoever opened this page is signed out, here or elsewhere.
        """
        version = await self._auth.version_now(self._identity.user_id, self._identity.right)
        if version is None:
            raise InvalidToken
        return version

    def _note(self, keys: Sequence[ApiKeyInfo]) -> str:
        revoked = sum(key.revoked for key in keys)
        valid = f'{len(keys) - revoked} valid' if keys else ''
        count = f'{valid}, {revoked} revoked' if revoked else valid
        return f'{self._about} {count}.' if self._about and count else self._about or count


def _item(key: ApiKeyInfo) -> KeyItem:
    return KeyItem(
        id=key.id,
        name=key.name,
        opens=SCOPES[key.scope],
        made_at=rfc3339(key.created_at),
        used_at=None if key.last_used_at is None else rfc3339(key.last_used_at),
        revoked=key.revoked,
    )


def _name(asked: object) -> str:
    name = asked.get('name') if isinstance(asked, dict) else None
    if not isinstance(name, str):
        raise InvalidRequest('A name is needed, to know the key by.', field='name')
    return name


def _scope(asked: object) -> KeyScope:
    scope = asked.get('scope') if isinstance(asked, dict) else None
    if isinstance(scope, str) and scope in set(KeyScope):
        return KeyScope(scope)
    raise InvalidRequest('Choose what the key opens.', field='scope')


def _why(error: ChurnboardError) -> str:
    """In the words of a page, which knows no tokens."""
    return SIGNED_OUT if isinstance(error, InvalidToken) else error.message
