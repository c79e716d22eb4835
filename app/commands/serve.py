"""``serve``: the board itself."""

from __future__ import annotations

import argparse
import gc
from dataclasses import replace
from typing import TYPE_CHECKING

from app.commands.context import DONE, command, opened, tell
from app.secret_key import secret_key
from app.server import listen, run
from app.settings import Settings, read_port
from services.clock import system_clock
from services.database import Database

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser('serve', help='run the board (what happens without a command, too)')
    add_options(parser)


COLLECTOR = (50_000, 20, 50)
"""Objects more than before a look at the youngest, and how many looks until one at the next older ones."""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--host', help='the address to listen on (default: 127.0.0.1)')
    parser.add_argument('--port', help='the port to listen on (default: 8080)')
    parser.add_argument('--no-sample', action='store_true', help='start empty: no account and no sample data')
    parser.set_defaults(run=serve)


@command
def serve(args: argparse.Namespace, settings: Settings) -> int:
    settings = replace(
        settings,
        host=args.host or settings.host,
        port=settings.port if args.port is None else read_port('--port', args.port),
    )
    with listen(settings) as listening, opened(settings) as database:
        secret_key(settings)  # a folder that cannot hold it is told before anything else is done
        _prepare_first_start(database, settings, sample=not args.no_sample)
        from app.factory import build, create_app

        services = build(settings, database)
        app = create_app(services)
        calm_collector()
        tell(f'Churnboard is at {_address(settings)} (stop it with Ctrl+C)')
        timeouts, shut_down = services.request_timeouts, services.sockets.shut_down
        run(app, settings, listening, timeouts=timeouts, before_stop=lambda: shut_down(retry_after=5))
    return DONE


def calm_collector() -> None:
    """Let Python look for garbage seldom: each look stops the loop, by hundreds of milliseconds with many clients.

    Nearly all that we let go of is freed by reference counts at once; what was imported is never garbage.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTOR)


def _prepare_first_start(database: Database, settings: Settings, *, sample: bool) -> None:
    from app.first_start import create_first_account, fill_sample, has_users

    if has_users(database):
        return
    if not sample or not settings.embedded:
        tell('There are no users yet. Create one in another terminal: python main.py user add you@example.com')
        return
    account = create_first_account(database, clock=system_clock)
    tell(
        '\nWelcome to Churnboard. Your account, shown only this once:\n'
        f'    E-mail:   {account.email}\n'
        f'    Password: {account.password}\n'
        'It comes with sample data, marked as such; one button on the board removes it.\n'
    )
    fill_sample(database, account, bands=settings.bands, clock=system_clock)


def _address(settings: Settings) -> str:
    host = {'0.0.0.0': '127.0.0.1', '::': '[::1]'}.get(settings.host, settings.host)
    return f'http://{host}:{settings.port}'
