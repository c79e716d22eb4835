from __future__ import annotations

from components.element_state import set_prop
from components.light_element import LightElement
from components.text import Text


class SettingField(LightElement, default_classes='setting-field'):
    """A labelled input of a form, with what helps to fill it in, and what is wrong with it.

    The browser owns what is typed: the server writes into it at first, and never again.
    """

    def __init__(self, label: str, *, key: str, value: str = '', props: str = '', about: str = '') -> None:
        """
        :param key: the name it is sent by.
        :param about: what belongs into it.
        """
        super().__init__('div')
        with self:
            caption = Text('label', label).classes('field-label')
            with LightElement('div', 'field-box'):
                self.input = LightElement('input', 'field-input').props(props).mark(f'setting-{key}')
            self._about = Text('p', about).classes('setting-about')
            self._error = Text('p').classes('field-error').props('role=alert').mark(f'error-{key}')
        caption.props['for'] = self.input.html_id
        self.input.props['name'] = key
        self.input.props['^value'] = value  # as an attribute: Vue sets the property anew each time it draws
        self.show_error('')

    def show_error(self, message: str) -> None:
        self._error.set_text(message)
        set_prop(self.input, 'aria-invalid', 'true' if message else None)
        set_prop(self.input, 'aria-describedby', self._error.html_id if message else self._about.html_id)
