"""The commands behind ``main.py``: one module each, imported for its options and nothing heavier."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from app.commands import bench, db, import_, rollups, serve, token, user
from app.commands.context import WRONG_CALL, tell
from app.settings import Settings, SettingsError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0 done, 1 the work failed, 2 the call or a setting is wrong."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or (arguments[0].startswith('-') and arguments[0] not in ('-h', '--help')):
        arguments.insert(0, 'serve')
    args = _parser().parse_args(arguments)
    try:
        settings = Settings.from_env()
    except SettingsError as error:
        tell(str(error))
        return WRONG_CALL
    result: int = args.run(args, settings)
    return result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='main.py', description='Churnboard: a live dashboard of churn predictions.', allow_abbrev=False
    )
    commands = parser.add_subparsers(required=True, metavar='COMMAND')
    for module in (serve, user, token, import_, rollups, db, bench):
        module.add_parser(commands)
    return parser
