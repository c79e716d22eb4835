from __future__ import annotations

from components.element_state import set_prop
from components.light_element import LightElement


class SessionWarning(LightElement):
    """Says in time that the browser session is about to end, and offers to stay signed in.

    assets/session.js draws it: also while the server cannot be reached, and in step with the browser's other tabs.
    """

    def __init__(self, *, seconds_left: int, warning_seconds: int, prolongable: bool) -> None:
        """
        :param seconds_left: until the session ends.
        :param warning_seconds: how long before its end to say so.
        :param prolongable: whether it may end later.
        """
        super().__init__('div')
        self.mark('session-warning')
        self.props['data-session'] = ''
        self.props['data-left'] = str(seconds_left)
        self.props['data-warning'] = str(warning_seconds)
        set_prop(self, 'data-prolongable', 'true' if prolongable else None)
