from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from components.markup import Node, tag


@dataclass(frozen=True, kw_only=True)
class FilterField:
    """A labelled native input with its message beside it.

    The browser owns the value: no update can disturb what is being typed. The server writes into it only what the
    person chose elsewhere: an address, or a filter that was taken back.
    """

    key: str
    """The filter it is; there once on a page."""
    label: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    suffix: str = ''

    def draw(self, *, begins: str | None, error: str) -> Node:
        """What is typed is the entry ``filter``, about this key.

        :param begins: what stands in it as the page comes.
        :param error: what is wrong with what is typed; empty: nothing.
        """
        place, message = field_id(self.key), f'error-{self.key}'
        entry = tag(
            'input',
            'field-input',
            id=place,
            begins=begins,
            data_entry='filter',
            data_item=self.key,
            aria_invalid='true' if error else None,
            aria_describedby=message if error else None,
            **self.attributes,
        )
        suffix = tag('span', 'field-suffix', self.suffix, aria_hidden='true') if self.suffix else None
        return tag(
            'div',
            f'field field-{self.key}',
            tag('label', 'field-label', self.label, for_=place),
            tag('div', 'field-box', entry, suffix),
            tag('p', 'field-error', error, id=message),
        )


def field_id(key: str) -> str:
    """The id of the input of a filter."""
    return f'filter-{key}'
