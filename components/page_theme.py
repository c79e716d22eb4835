from __future__ import annotations

from nicegui import ui

NAMES = {None: 'system', False: 'light', True: 'dark'}


class PageTheme(ui.dark_mode):
    """The page's colours: as the device has them, light, or dark.

    They are in force before anything is drawn, so that no page flashes up in the other ones; assets/board.css has both.
    """

    def __init__(self, dark: bool | None) -> None:
        """:param dark: ``None``: as the device has it."""
        super().__init__(dark)
        ui.add_head_html(f'<script>{_say(dark)}</script>')

    def choose(self, dark: bool | None) -> None:
        """Change to other colours while the page is open."""
        self.set_value(dark)
        ui.run_javascript(_say(dark))


def _say(dark: bool | None) -> str:
    return f"document.documentElement.dataset.theme = '{NAMES[dark]}'"
