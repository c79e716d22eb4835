"""Taking the sample data off the board, once its reader has said so twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import Client

from components.confirm_dialog import ConfirmDialog
from components.status_line import StatusLine
from services.errors import ChurnboardError

REMOVAL = (
    'Remove the sample data?',
    'All made-up customers disappear from this board. Your own predictions stay as they are.',
)


def ask_removal(
    client: Client, *, remove: Callable[[], Awaitable[None]], refresh: Callable[[], Awaitable[None]], status: StatusLine
) -> None:
    """
    :param remove: raises ``ChurnboardError`` where it cannot be done: the question stays, and says why.
    :param refresh: shows what is left.
    """

    async def confirmed() -> None:
        try:
            await remove()
        except ChurnboardError as error:
            dialog.show_error(error.message)
            return
        dialog.close()
        status.note('The sample data is removed.')
        await refresh()

    with client.content:
        dialog = ConfirmDialog(*REMOVAL, action='Remove', on_confirm=confirmed)
    dialog.on('hide', dialog.delete, args=[])
    dialog.ask()
