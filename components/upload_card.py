from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from components.button import Button
from components.element_state import replace_class, set_class, set_prop
from components.light_element import LightElement
from components.mapping_table import MappingTable
from components.row_faults import RowFaults
from components.text import Text
from components.upload_progress import UploadProgress

Stage = Literal['reading', 'ready', 'running', 'rejected', 'failed', 'done']


class UploadCard(LightElement, default_classes='panel upload'):
    """One file on its way in: what it holds, how far it is, what is wrong with it, what came of it."""

    def __init__(
        self,
        name: str,
        *,
        upload_id: str,
        fields: Mapping[str, str],
        on_choose: Callable[[int, object], Any],
        on_take: Callable[[bool], Any],
        on_discard: Callable[[], Any],
    ) -> None:
        """:param on_take: told whether bad rows are to be left out."""
        super().__init__('section')
        self.props('data-home').mark('upload')
        self.props['data-upload'] = upload_id
        self._stage = ''
        with self:
            with LightElement('div', 'panel-head'):
                heading = Text('h2', name).classes('panel-title upload-name').props('tabindex=-1 data-home-focus')
                self._facts = Text('p').classes('panel-note').mark('upload-facts')
            self._message = Text('p').classes('upload-message').mark('upload-message')
            self.progress = UploadProgress(f'Taking in {name}')
            self.faults = RowFaults(download_path=f'/api/uploads/{upload_id}/errors')
            self._columns = LightElement('details', 'upload-columns').props('open')
            with self._columns:
                Text('summary', 'What each column holds')
                self.mapping = MappingTable(fields, on_choose=on_choose)
                self._problem = Text('p').classes('mapping-note').mark('mapping-note')
            with LightElement('div', 'upload-actions'):
                self._take = Button('Take in', lambda: self._if_ready(on_take, False), kind='strong').mark('take')
                self._take_good = Button('', lambda: self._if_ready(on_take, True)).mark('take-good')
                self._board = Text('a', 'See the board').classes('button button-strong').props('href=/')
                self._discard = Button('Cancel', on_discard, kind='quiet').mark('discard')
        self.props['aria-labelledby'] = heading.html_id
        self._take.props['aria-describedby'] = self._problem.html_id
        self.show_stage('reading')

    def show_facts(self, facts: str) -> None:
        self._facts.set_text(facts)

    def show_choice(self, note: str, *, complete: bool) -> None:
        """Say what the columns amount to, and whether the file can be taken in like that."""
        self._problem.set_text(note)
        set_class(self._problem, 'problem', on=not complete)
        for button in (self._take, self._take_good):
            set_prop(button, 'aria-disabled', None if complete else 'true')

    def show_stage(self, stage: Stage, message: str = '', *, faults: bool = False, good_rows: str = '') -> None:
        """Show what belongs to a stage of the way in.

        :param faults: whether there are bad rows to be seen.
        :param good_rows: what the button says that takes the others; empty when there is none.
        """
        replace_class(self, self._stage, f'upload-{stage}')
        self._stage = f'upload-{stage}'
        decides = stage in ('ready', 'rejected')
        self._message.set_text(message)
        self._message.set_visibility(bool(message))
        self.progress.set_visibility(stage in ('reading', 'running'))
        self.faults.set_visibility(faults)
        self._columns.set_visibility(decides)
        set_prop(self._columns, 'open', None if faults else 'true')
        self._take.set_text('Take in' if stage == 'ready' else 'Check again')
        self._take.set_visibility(decides)
        set_class(self._take, 'button-strong', on=stage == 'ready')
        self._take_good.set_text(good_rows)
        self._take_good.set_visibility(decides and bool(good_rows))
        self._board.set_visibility(stage == 'done')
        self._discard.set_text({'done': 'Close', 'failed': 'Remove'}.get(stage, 'Cancel'))
        self._discard.set_visibility(stage != 'running')

    def _if_ready(self, act: Callable[[bool], Any], skip_bad_rows: bool) -> Any:
        """A button that says why it cannot act keeps its focus, and acts on nothing."""
        return None if self._take.props.get('aria-disabled') else act(skip_bad_rows)
