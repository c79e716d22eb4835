"""The table of states in the decisions names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLE = ROOT / 'docs' / 'decisions' / '0027-states.md'
STATES = {
    *('loading', 'empty', 'filtered empty', 'partial', 'stale', 'error', 'denied', 'rate-limited', 'disabled', 'ok'),
}


def test_every_state_has_a_test_and_every_test_of_the_table_exists() -> None:
    rows = re.findall(r'^\| ([^|]*) \|.*\| `(test_\w+)` \|$', TABLE.read_text(), re.MULTILINE)
    assert {state for state, _ in rows if state.strip()} == STATES
    sources = '\n'.join(path.read_text() for path in (ROOT / 'tests').rglob('test_*.py'))
    assert [name for _, name in rows if f'def {name}(' not in sources] == []
