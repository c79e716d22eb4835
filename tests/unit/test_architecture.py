"""Who may import what, and who alone does what: the shape of section 1 of the design, read off the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ('app', 'components', 'services')
MODULES = sorted([ROOT / 'main.py', *(path for package in PACKAGES for path in (ROOT / package).rglob('*.py'))])
MAX_LINES = 250

OURS = {
    'main': {'app'},
    'app': {'app', 'components', 'services'},
    'components': {'components', 'services.schemas'},
    'services': {'services'},
}
"""What each part may import of ours."""

ALONE = {
    'nicegui': ('app/', 'components/'),
    'fastapi': ('app/',),
    'sqlmodel': ('services/',),
    'sqlalchemy': ('services/', 'app/setting_readers.py', 'app/api/health.py', 'app/commands/context.py'),
    'socketio': (
        'services/socket_manager.py',
        'services/socket_packet.py',
        'services/socket_server.py',
        'services/live_channel.py',
        'app/factory.py',
        'app/page_frames.py',
        'app/page_manager.py',
        'app/page_socket.py',
    ),
    'aiohttp': ('services/live_channel.py', 'services/live_link.py', 'services/live_polling.py'),
}
"""Where alone a library may be imported."""

EMITTER = 'services/emitter.py'
OTHER_EMITS = {
    'app/page_manager.py': ['?.emit'],  # how NiceGUI's own socket emits
    'app/page_outbox.py': ['core.sio.emit'],  # what its pages are sent, as NiceGUI's own outbox does
    'components/connection.py': ['core.sio.emit'],  # how fresh a page's numbers are, on NiceGUI's own socket
    'app/pages/dashboard.py': ['core.sio.emit'],  # sends a page to the sign-in, on NiceGUI's own socket
    'services/live_channel.py': ['self._client.emit'],  # from a client to the server
}
"""Those with which the public socket of the server has nothing to do."""


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(path.read_text(encoding='utf-8'))))


def imports(path: Path) -> Iterator[str]:
    """Everything imported anywhere in a module, by its full name."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f'{name(path)}: imports are written in full'
            yield from (f'{node.module}.{alias.name}' for alias in node.names)


def begins(imported: str, allowed: str) -> bool:
    return imported == allowed or imported.startswith(f'{allowed}.')


def dotted(node: ast.AST | None) -> str:
    """``a.b.c`` of an expression that is one; ``?`` for any other."""
    if isinstance(node, ast.Attribute):
        return f'{dotted(node.value)}.{node.attr}'
    return node.id if isinstance(node, ast.Name) else '?'


def calls(path: Path) -> list[str]:
    return [dotted(node.func) for node in nodes(path) if isinstance(node, ast.Call)]


def test_there_is_something_to_check() -> None:
    found = {name(path) for path in MODULES}
    assert {'main.py', 'app/factory.py', 'components/panel.py', 'services/hub.py'} <= found


def test_imports_point_downwards_only() -> None:
    wrong = []
    for path in MODULES:
        part = name(path).partition('/')[0].removesuffix('.py')
        ours = [imported for imported in imports(path) if imported.partition('.')[0] in (*OURS, 'tests')]
        wrong += [(name(path), one) for one in ours if not any(begins(one, allowed) for allowed in OURS[part])]
    assert wrong == []


@pytest.mark.parametrize('library', ALONE)
def test_a_library_stays_where_it_belongs(library: str) -> None:
    users = [name(path) for path in MODULES if any(begins(imported, library) for imported in imports(path))]
    assert users
    assert [user for user in users if not user.startswith(ALONE[library])] == []


def test_the_environment_is_read_by_the_settings_only() -> None:
    ways = {'os.environ', 'os.environb', 'os.getenv', 'os.getenvb', 'os.putenv'}
    readers = [name(path) for path in MODULES if ways & {*imports(path), *map(dotted, nodes(path))}]
    assert readers == ['app/settings.py']


def test_one_place_emits() -> None:
    """A missing address means everybody, so that who emits is watched."""
    emits = {name(path): [call for call in calls(path) if call.endswith('.emit')] for path in MODULES}
    others = {module: found for module, found in emits.items() if found and module != EMITTER}
    assert emits[EMITTER]
    assert others == OTHER_EMITS


def test_modules_are_short() -> None:
    lines = {name(path): len(path.read_text(encoding='utf-8').splitlines()) for path in MODULES}
    assert {module: count for module, count in lines.items() if count > MAX_LINES} == {}


def test_nothing_is_printed() -> None:
    assert [name(path) for path in MODULES if 'print' in calls(path)] == []


def test_whoever_catches_everything_logs_it_or_raises_it_again() -> None:
    silent = []
    for path in MODULES:
        for node in nodes(path):
            if isinstance(node, ast.ExceptHandler) and _catches_everything(node):
                body = [part for statement in node.body for part in ast.walk(statement)]
                logs = any(isinstance(part, ast.Call) and dotted(part.func).startswith('log.') for part in body)
                if not logs and not any(isinstance(part, ast.Raise) for part in body):
                    silent.append(f'{name(path)}:{node.lineno}')
    assert silent == []


def _catches_everything(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or dotted(kind) in ('Exception', 'BaseException') for kind in kinds)


def test_importing_the_services_or_a_component_acts_on_nothing() -> None:
    """Nothing registers itself: a bare call at the top of a module could do nothing else."""
    acting = []
    for path in MODULES:
        module = nodes(path)[0]
        assert isinstance(module, ast.Module)
        bare = [node.value for node in module.body if isinstance(node, ast.Expr)]
        acting += [(name(path), dotted(call.func)) for call in bare if isinstance(call, ast.Call)]
    alembics_script = 'services/migrations/env.py'
    assert [act for act in acting if act[0] != alembics_script] == []
