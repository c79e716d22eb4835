from __future__ import annotations

from components.markup import Node, tag


def info_tip(subject: str, explanation: str, *, key: str) -> Node:
    """A small (i) that explains a number, on hover, on focus and on touch.

    :param key: tells it from all others of the page.
    """
    return tag(
        'span',
        'tip',
        tag('button', 'tip-button', 'i', type='button', aria_label=f'About {subject}', aria_describedby=f'about-{key}'),
        tag('span', 'tip-body', explanation, id=f'about-{key}', role='tooltip'),
    )
