from __future__ import annotations

from nicegui import ui

from components.markup import Child, Markup, Node, tag


class EmptyState(Markup):
    """A board without any prediction: how to bring the first ones in."""

    def __init__(self, *, email: str, address: str) -> None:
        """:param address: the origin under which this server is reached, for the example."""
        super().__init__(
            tag(
                'section',
                'empty',
                tag('h2', 'empty-title', 'No predictions yet'),
                tag('p', 'empty-text', 'Send the scores of your model, and this board fills by itself within seconds.'),
                tag(
                    'div',
                    'empty-ways',
                    _from_a_browser(),
                    _way('From a file, on the server', f'python main.py import scores.csv --user {email}'),
                    _way('From a program', _curl(address, email)),
                ),
            )
        )
        self.mark('empty-state')


class FilteredEmpty(Markup):
    """No prediction matches: says which filter it is, and clears it."""

    def __init__(self, *, form: ui.element) -> None:
        """:param form: the filters; the button is that form's reset button, so the typed values clear as well."""
        self._form = form.html_id
        super().__init__(self._nothing(''))
        self.mark('filtered-empty')

    def show(self, filters: str) -> None:
        self.draw(self._nothing(f'No prediction matches {filters}.'))

    def _nothing(self, sentence: str) -> Node:
        return tag(
            'section',
            'empty empty-filtered',
            tag('h2', 'empty-title', 'Nothing matches'),
            tag('p', 'empty-text', sentence),
            tag('button', 'button button-strong', 'Clear filters', type='reset', form=self._form),
        )


def _from_a_browser() -> Node:
    link = tag('a', 'button button-strong way-link', 'Bring in a file', href='/data')
    about = 'Drop it on the page Data, look at its first rows, and take it in.'
    return _titled('From a file', tag('p', '', about), link)


def _way(title: str, command: str) -> Node:
    copy = tag('button', 'button button-quiet', 'Copy', type='button', data_copy='', aria_label='Copy the command')
    return _titled(title, tag('div', 'command', tag('pre', 'command-text', command, tabindex='0'), copy))


def _titled(title: str, *children: Child) -> Node:
    return tag('div', 'way', tag('h3', 'way-title', title), *children)


def _curl(address: str, email: str) -> str:
    return (
        f'TOKEN=$(python main.py token {email})\n'
        f'curl {address}/api/predictions \\\n'
        '  -H "Authorization: Bearer $TOKEN" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        '  -d \'[{"customer_id": "C-1", "churn_score": 0.82}]\''
    )
