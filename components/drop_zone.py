from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from components.text import Text

SEND_ID = '(event) => emit(event.detail)'


class DropZone(ui.element, default_classes='panel drop'):
    """Where a file comes in, dropped anywhere on the page or chosen.

    assets/upload.js sends it and draws how far it is; the server learns the upload's id when all of it has arrived.
    """

    def __init__(
        self, fields: Mapping[str, tuple[str, str]], *, formats: str, on_arrived: Callable[[object], Any]
    ) -> None:
        """:param fields: name and help of what a file may contain.

        :param formats: the kinds of files that are read here, in words.

        :param on_arrived: told the id of an upload, as the browser says it: it may be anything.
        """
        super().__init__('section')
        self.props('data-drop data-home').mark('drop-zone')
        with self:
            heading = Text('h2', 'Bring in predictions').classes('panel-title').props('tabindex=-1 data-home-focus')
            with ui.element('div').classes('drop-target'):
                ui.element('span').classes('drop-icon').props('aria-hidden=true')
                Text('p', 'Drop a file here').classes('drop-text')
                files = ui.element('input').classes('sr-only').props('type=file multiple data-files').mark('files')
                choose = Text('label', 'Choose a file').classes('button button-strong')
                help_text = Text('p', f'{formats}. You see its first rows before anything is taken in.')
                help_text.classes('drop-help')
            ui.element('div').classes('transfers').props('data-transfers')
            _contents(fields)
        self.props['aria-labelledby'] = heading.html_id
        choose.props['for'] = files.html_id
        files.props['aria-describedby'] = help_text.html_id

        def arrived(event: GenericEventArguments) -> Any:
            return on_arrived(event.args)

        self.on('arrived', arrived, js_handler=SEND_ID)


def _contents(fields: Mapping[str, tuple[str, str]]) -> None:
    with ui.element('details').classes('drop-fields'):
        Text('summary', 'What a file may contain')
        with ui.element('dl'):
            for name, (word, explanation) in fields.items():
                with ui.element('div').classes('drop-field'):
                    with ui.element('dt'):
                        Text('span', word)
                        Text('code', name)
                    Text('dd', explanation)
