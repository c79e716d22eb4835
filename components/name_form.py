from __future__ import annotations

from dataclasses import dataclass

from components.markup import Node, tag

LONGEST = '60'
"""Characters that can be typed."""


@dataclass(frozen=True, kw_only=True)
class NameForm:
    """Asks for a name. The browser owns what is typed: no update touches it, and after an error it is still there."""

    entry: str
    """The entry that is told what is sent; there once on a page at a time."""
    label: str
    action: str
    placeholder: str | None = None

    def draw(
        self, *, item: str = '', begins: str | None = None, error: str = '', wrong: bool = False, focus: bool = False
    ) -> Node:
        """
        :param item: whose name it is.
        :param begins: what stands in the field at first.
        :param error: why what was sent is not kept.
        :param wrong: whether that is because of the name.
        :param focus: whether the field takes the focus when the form appears.
        """
        place, message = f'name-{self.entry}', f'error-{self.entry}'
        field = tag(
            'input',
            'field-input',
            id=place,
            type='text',
            name='name',
            maxlength=LONGEST,
            autocomplete='off',
            placeholder=self.placeholder,
            begins=begins,
            aria_invalid='true' if wrong else None,
            aria_describedby=message if wrong else None,
            data_take_focus='' if focus else None,
        )
        return tag(
            'form',
            f'text-form form-{self.entry}',
            tag(
                'div',
                'text-field',
                tag('label', 'field-label', self.label, for_=place),
                tag('div', 'field-box', field),
            ),
            tag('p', 'field-error', error, id=message, role='alert'),
            tag(
                'div',
                'form-actions',
                tag('button', 'button button-strong', self.action, type='submit'),
            ),
            data_entry=self.entry,
            data_item=item or None,
        )
