"""The board's saved views: the menu in its controls, and what is done in it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence

from nicegui import Client

from app.pages.board_services import BoardViews
from app.pages.reader import numbers_of
from app.view_address import address_of, parameters_of, view_of
from app.view_state import ViewState
from components.formats import written_as
from components.status_line import StatusLine
from components.view_menu import FormName, ViewActions, ViewItem, ViewMenu
from services.errors import ChurnboardError
from services.query import DashboardQuery
from services.saved_views import SavedView

log = logging.getLogger(__name__)

UNREADABLE = 'Saved by another release: this one cannot open it. Replace or delete it.'
UNEXPECTED = 'Something unexpected happened; it is in the log of the server.'


class ViewDesk:
    """Of one tab. A change is shown here at once, and in other tabs when their menu is opened."""

    def __init__(
        self,
        views: BoardViews,
        user_id: int,
        client: Client,
        *,
        present: Callable[[], ViewState],
        status: StatusLine,
    ) -> None:
        """
        :param present: what the board is looking at.
        :param status: where it is said what was done.
        """
        self._store = views
        self._user_id = user_id
        self._client = client
        self._present = present
        self._status = status
        self._views: Sequence[SavedView] = ()
        self._loaded = False
        self._busy = False
        """Whether a change is under way: sent twice, it is made once."""
        self.menu = ViewMenu(
            ViewActions(
                load=self.load,
                save=self._save,
                rename=self._rename,
                replace=self._replace,
                delete=self._delete,
            )
        )

    async def load(self) -> None:
        """Bring the list up to date."""

        async def read() -> None:
            self._views = await self._store.list(self._user_id)
            self._loaded = True

        await self._attempt(read)

    def follow(self) -> None:
        """The board looks at something else: another view may be the one whose filters are in force."""
        self.menu.show_present(self._in_words(self._present()))
        if self._loaded:
            self.menu.show([self._item(view) for view in self._views])

    def _item(self, view: SavedView) -> ViewItem:
        query = view.query
        return ViewItem(
            id=view.id,
            name=view.name,
            about=UNREADABLE if query is None else self._in_words(view_of(parameters_of(query))),
            href='' if query is None else address_of(query),
            current=query == self._present().query,
        )

    async def _save(self, name: object) -> None:
        wanted = name if isinstance(name, str) else ''

        async def save() -> None:
            view = await self._store.add(self._user_id, wanted, self._present().query)
            self._status.note(f'“{view.name}” is saved.')

        await self._change(save, 'view')

    async def _rename(self, view_id: int, name: object) -> None:
        wanted = name if isinstance(name, str) else ''

        async def rename() -> None:
            view = await self._store.change(self._user_id, view_id, name=wanted)
            self._status.note(f'It is called “{view.name}” now.')

        await self._change(rename, 'rename')

    async def _replace(self, view_id: int) -> None:
        before = self._known(view_id)

        async def replace() -> None:
            view = await self._store.change(self._user_id, view_id, query=self._present().query)
            old = before.query if before else None
            undo = None if old is None else lambda: self._put_back(view, old)
            self._status.note(f'“{view.name}” has the present filters now.', undo=undo)

        await self._change(replace, may_undo=before is not None and before.query is not None)

    async def _delete(self, view_id: int) -> None:
        async def delete() -> None:
            view = await self._store.delete(self._user_id, view_id)
            self._status.note(f'“{view.name}” is deleted.', undo=lambda: self._restore(view))

        await self._change(delete, may_undo=True)

    async def _restore(self, view: SavedView) -> None:
        async def restore() -> None:
            await self._store.restore(self._user_id, view)
            self._status.note(f'“{view.name}” is back.')

        await self._undo(restore)

    async def _put_back(self, view: SavedView, query: DashboardQuery) -> None:
        async def put_back() -> None:
            await self._store.change(self._user_id, view.id, query=query)
            self._status.note(f'“{view.name}” has its earlier filters again.')

        await self._undo(put_back)

    async def _change(
        self, work: Callable[[], Awaitable[None]], form: FormName | None = None, *, may_undo: bool = False
    ) -> None:
        """Do it and fold the menu up; it stays open, and says why, when that fails."""
        if self._busy:
            return
        self._busy = True
        try:
            done = await self._attempt(work, form)
        finally:
            self._busy = False
        if done:
            self.menu.finish()
            if may_undo:
                self._status.focus_undo()
            else:
                self.menu.focus()
            await self.load()

    async def _undo(self, work: Callable[[], Awaitable[None]]) -> None:
        problem = await self._problem_of(work)
        if self._client.is_deleted:
            return
        if problem is not None:
            self._status.note(problem.message, failed=True)
        await self.load()
        self.menu.focus()

    async def _attempt(self, work: Callable[[], Awaitable[None]], form: FormName | None = None) -> bool:
        problem = await self._problem_of(work)
        if self._client.is_deleted:
            return False
        if problem is None:
            self.follow()
        elif form is not None:
            self.menu.show_error(problem.message, form=form, on_field=problem.field == 'name')
        else:
            self.menu.show_problem(problem.message)
        return problem is None

    async def _problem_of(self, work: Callable[[], Awaitable[None]]) -> ChurnboardError | None:
        try:
            await work()
        except ChurnboardError as error:
            return error
        except Exception:
            log.exception('a saved view could not be read or changed')
            return ChurnboardError(UNEXPECTED)
        return None

    def _known(self, view_id: int) -> SavedView | None:
        return next((view for view in self._views if view.id == view_id), None)

    def _in_words(self, state: ViewState) -> str:
        with written_as(numbers_of(self._client)):
            words = ', '.join(state.chips.values()) or 'all predictions'
        return words[0].upper() + words[1:]
