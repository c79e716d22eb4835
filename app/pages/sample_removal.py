from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import Client

from app.pages.board_services import BoardWorkspace
from components.confirm_dialog import ConfirmDialog
from components.status_line import StatusLine
from services.errors import ChurnboardError

WORDS = (
    'Remove the sample data?',
    'All made-up customers disappear from this board. Your own predictions stay as they are.',
)


class SampleRemoval:
    """Removes the sample data of one tab's reader, who is asked first."""

    def __init__(
        self,
        workspace: BoardWorkspace,
        user_id: int,
        client: Client,
        *,
        status: StatusLine,
        on_done: Callable[[], Awaitable[None]],
    ) -> None:
        """:param on_done: shows what is left."""
        self._workspace = workspace
        self._user_id = user_id
        self._client = client
        self._status = status
        self._on_done = on_done

    def ask(self) -> None:
        async def confirmed() -> None:
            try:
                await self._workspace.remove_sample(self._user_id)
            except ChurnboardError as error:
                dialog.show_error(error.message)
                return
            dialog.close()
            self._status.note('The sample data is removed.')
            await self._on_done()

        with self._client.content:
            dialog = ConfirmDialog(*WORDS, action='Remove', on_confirm=confirmed)
        dialog.on('hide', dialog.delete, args=[])
        dialog.ask()
