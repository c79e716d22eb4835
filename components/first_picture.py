"""What a page shows until its scripts have come: a picture of itself, as the server built it, in plain HTML.

Written from the very elements that the browser draws later, so it shows the same: the same numbers of the same reader,
under the same filters, in the same words. The first drawing takes its place before the next frame is painted.
"""

from __future__ import annotations

from nicegui import ui

from components.connection import Connection
from components.markup import TAGS, Markup, tag
from components.markup_html import UNSEEN, html_of, tag_html, text_html
from components.text import Text

FRAME = {'q-layout': 'q-layout q-layout--standard', 'q-page-container': 'q-page-container', 'q-page': 'q-page'}
"""The classes of what Quasar draws around each page."""

PLAIN = {'header': 'div', 'main': 'div'} | dict.fromkeys(FRAME, 'div')
"""Tags that would be landmarks, and are none in a picture."""

CONNECTING = html_of(
    tag(
        'span',
        'pill',
        tag('span', 'pill-dot'),
        tag('span', 'pill-word', 'Connecting'),
        data_state='connecting',
    )
)
"""What assets/live.js draws first."""

BELOW = html_of(tag('div', 'panels', tag('div', 'panel'), tag('div', 'panel')))

GIVE_WAY = """<script>
{
  const picture = document.querySelector('.first-picture');
  picture.hidden = false; // all of it has come: nothing in it moves while the rest does
  new MutationObserver((_changes, observer) => {
    if (!document.querySelector('#app > *')) return;
    observer.disconnect();
    picture.remove();
  }).observe(document.body, { childList: true, subtree: true });
  // who cannot draw the page is told so, and not left with a picture of it
  if (!HTMLScriptElement.supports?.('importmap')) picture.remove();
}
</script>"""
"""Observers are called before the browser paints: no frame shows both, and none shows neither."""


def first_picture(layout: ui.element, *, below: ui.element) -> str:
    """HTML to be put before the page.

    :param layout: holds all of the page; nothing of it is changed by this.
    :param below: what most readers have to scroll to. Of that there are only empty panels: a browser that draws all of
        it twice is later with both.
    """
    picture = _drawn(layout, below)
    return f'<div class="first-picture" hidden inert aria-hidden="true">{picture}</div>{GIVE_WAY}'


def _drawn(element: ui.element, below: ui.element) -> str:
    """Nothing of what is hidden, or draws itself by a script.

    Looks at an element past its properties: who asks for its classes makes it have some of its own.
    """
    if not element.visible or not UNSEEN.isdisjoint(element._classes):
        return ''
    if element is below:
        return BELOW
    if isinstance(element, Markup):
        name, attributes, children = element.tree
        return html_of([name, attributes | {'class': _classes(attributes.get('class', ''), element)}, children])
    name = PLAIN.get(element.tag, element.tag)
    if name not in TAGS:
        return ''
    attributes = dict(element._props) | {'class': _classes(FRAME.get(element.tag, ''), element)}
    inner = (_drawn(child, below) for child in element.default_slot.children)
    return tag_html(name, attributes, (*_text(element), *inner))


def _classes(own: str, element: ui.element) -> str:
    return ' '.join((*own.split(), *element._classes))


def _text(element: ui.element) -> tuple[str, ...]:
    if isinstance(element, Connection):
        return (CONNECTING,)
    return (text_html(element.text),) if isinstance(element, Text) else ()
