from __future__ import annotations

from nicegui import ui

from components.text import Text


class EmptyState(ui.element, default_classes='empty'):
    """A board without any prediction: how to bring the first ones in."""

    def __init__(self, *, email: str, address: str) -> None:
        """:param address: the origin under which this server is reached, for the example."""
        super().__init__('section')
        self.mark('empty-state').set_visibility(False)
        with self:
            Text('h2', 'No predictions yet').classes('empty-title')
            Text('p', 'Send the scores of your model, and this board fills by itself within seconds.').classes(
                'empty-text'
            )
            with ui.element('div').classes('empty-ways'):
                with ui.element('div').classes('way'):
                    Text('h3', 'From a file').classes('way-title')
                    Text('p', 'CSV, gzipped or not: drop it on the page Data, look at its first rows, and take it in.')
                    Text('a', 'Bring in a file').classes('button button-strong way-link').props('href=/data')
                _way('From a file, on the server', f'python main.py import scores.csv --user {email}')
                _way('From a program', _curl(address, email))


class FilteredEmpty(ui.element, default_classes='empty empty-filtered'):
    """No prediction matches: says which filter it is, and clears it."""

    def __init__(self, *, form: ui.element) -> None:
        """:param form: the filters; the button is that form's reset button, so the typed values clear as well."""
        super().__init__('section')
        self.mark('filtered-empty').set_visibility(False)
        with self:
            Text('h2', 'Nothing matches').classes('empty-title')
            self._filters = Text('p').classes('empty-text')
            button = Text('button', 'Clear filters').classes('button button-strong').props('type=reset')
            button.props['form'] = form.html_id

    def show(self, filters: str) -> None:
        self._filters.set_text(f'No prediction matches {filters}.')


def _way(title: str, command: str) -> None:
    with ui.element('div').classes('way'):
        Text('h3', title).classes('way-title')
        with ui.element('div').classes('command'):
            Text('pre', command).classes('command-text').props('tabindex=0')
            copy = Text('button', 'Copy').classes('button button-quiet')
            copy.props('type=button data-copy aria-label="Copy the command"')


def _curl(address: str, email: str) -> str:
    return (
        f'TOKEN=$(python main.py token {email})\n'
        f'curl {address}/api/predictions \\\n'
        '  -H "Authorization: Bearer $TOKEN" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        '  -d \'[{"customer_id": "C-1", "churn_score": 0.82}]\''
    )
