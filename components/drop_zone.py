from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nicegui.events import GenericEventArguments

from components.light_element import LightElement
from components.text import Text

SEND_ID = '(event) => emit(event.detail)'


class DropZone(LightElement, default_classes='panel drop'):
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
            with LightElement('div', 'drop-target'):
                LightElement('span', 'drop-icon').props('aria-hidden=true')
                Text('p', 'Drop a file here').classes('drop-text')
                files = LightElement('input', 'sr-only').props('type=file multiple data-files').mark('files')
                choose = Text('label', 'Choose a file').classes('button button-strong')
                help_text = Text('p', f'{formats}. You see its first rows before anything is taken in.')
                help_text.classes('drop-help')
            LightElement('div', 'transfers').props('data-transfers')
            _contents(fields)
        self.props['aria-labelledby'] = heading.html_id
        choose.props['for'] = files.html_id
        files.props['aria-describedby'] = help_text.html_id

        def arrived(event: GenericEventArguments) -> Any:
            return on_arrived(event.args)

        self.on('arrived', arrived, js_handler=SEND_ID)


def _contents(fields: Mapping[str, tuple[str, str]]) -> None:
    with LightElement('details', 'drop-fields'):
        Text('summary', 'What a file may contain')
        with LightElement('dl'):
            for name, (word, explanation) in fields.items():
                with LightElement('div', 'drop-field'):
                    with LightElement('dt'):
                        Text('span', word)
                        Text('code', name)
                    Text('dd', explanation)
