"""``bench``: what the data engine, the live protocol and the page cost on this machine."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
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
    live = kinds.add_parser('live', help='the live protocol and REST, beside Node where it is installed')
    live.add_argument('--quick', action='store_true', help='few users and short beats, below 45 s')
    live.add_argument('--clients', type=_positive, metavar='N', help='users, each with one client (default: 4000)')
    live.add_argument('--beats', type=_positive, metavar='N', help='how many beats each figure is measured over')
    live.add_argument(
        '--postgresql', metavar='URL', help='keep the data on this server, in a database of its own, instead of our own'
    )
    live.add_argument('--json', type=Path, metavar='PATH', help='write the figures there, too')
    live.set_defaults(run=run_live)
    page = kinds.add_parser('page', help="the browser's page, beside an empty page of NiceGUI")
    page.add_argument('--quick', action='store_true', help='few tabs and short beats, about a minute')
    page.add_argument('--tabs', type=_positive, metavar='N', help='tabs, each of a user of its own (default: 1000)')
    page.add_argument('--beats', type=_positive, metavar='N', help='how many beats each figure is measured over')
    page.add_argument(
        '--postgresql', metavar='URL', help='keep the data on this server, in a database of its own, instead of our own'
    )
    page.add_argument('--json', type=Path, metavar='PATH', help='write the figures there, too')
    page.set_defaults(run=run_page)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


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


@command
def run_live(args: argparse.Namespace, _settings: Settings) -> int:
    from benchmarks import live

    plan = live.QUICK if args.quick else live.FULL
    plan = replace(plan, users=args.clients or plan.users, beats=args.beats or plan.beats)
    report = live.run(plan, server=args.postgresql, tell=tell)
    put(report.table())
    if args.json:
        args.json.write_text(json.dumps(report.figures(), indent=1))
    return DONE


@command
def run_page(args: argparse.Namespace, _settings: Settings) -> int:
    from benchmarks import page

    plan = page.QUICK if args.quick else page.FULL
    plan = replace(plan, tabs=args.tabs or plan.tabs, beats=args.beats or plan.beats)
    report = page.run(plan, server=args.postgresql, tell=tell)
    put(report.table())
    if args.json:
        args.json.write_text(json.dumps(report.figures(), indent=1))
    return DONE
