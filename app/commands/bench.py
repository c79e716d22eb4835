"""``bench engine``: what the data engine costs on this machine."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands.context import DONE, command, put, tell
from app.settings import Settings

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_parser(subparsers: Subparsers) -> None:
    kinds = subparsers.add_parser('bench', help='measure on this machine').add_subparsers(required=True, metavar='WHAT')
    engine = kinds.add_parser('engine', help='reading the board and taking predictions in, by length of history')
    engine.add_argument('--quick', action='store_true', help='the small sizes only, below 45 s')
    engine.add_argument('--most', type=int, metavar='N', help='no size above N predictions')
    engine.add_argument(
        '--postgresql', metavar='URL', help='measure on this server, in databases of its own, instead of SQLite'
    )
    engine.add_argument('--json', type=Path, metavar='PATH', help='write the figures there, too')
    engine.set_defaults(run=run_engine)


@command
def run_engine(args: argparse.Namespace, _settings: Settings) -> int:
    from benchmarks import engine

    sizes = engine.QUICK_SIZES if args.quick else engine.SIZES
    report = engine.run(
        sizes=tuple(size for size in sizes if size <= (args.most or size)),
        server=args.postgresql,
        tell=tell,
    )
    put(report.table())
    if args.json:
        args.json.write_text(json.dumps(report.rows, indent=1))
    return DONE
