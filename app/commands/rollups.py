"""``check`` and ``rebuild``: whether the rollups are what a recomputation says, and building them anew."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from app.commands.context import DONE, FAILED, command, opened, put, tell
from app.commands.progress import Progress
from app.settings import Settings
from services.scores import RiskBands

if TYPE_CHECKING:
    from services.database import Database
    from services.models import User

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_parser(subparsers: Subparsers) -> None:
    checking = subparsers.add_parser('check', help='recompute all sums the board reads, and compare')
    checking.set_defaults(run=check)
    rebuilding = subparsers.add_parser('rebuild', help='build the sums the board reads anew')
    whom = rebuilding.add_mutually_exclusive_group(required=True)
    whom.add_argument('--user', metavar='EMAIL')
    whom.add_argument('--all', action='store_true')
    rebuilding.set_defaults(run=rebuild)


@command
def check(_args: argparse.Namespace, settings: Settings) -> int:
    from services import users
    from services.rollup_check import first_difference
    from services.rollup_state import state_of

    with opened(settings) as database:
        with database.reading() as session:
            everyone = users.everyone(session)
        for user in everyone:
            assert user.id is not None
            with database.reading(patient=True) as session:
                built = state_of(session, user.id)
                if built is None:
                    put(f'{user.email}: not built yet')
                    continue
                difference = first_difference(session, user.id, zone=built.zone, bands=built.bands)
            if difference:
                wrong = 'is missing' if difference.missing else 'should not be there'
                put(f'{user.email}: {difference.table} {wrong}: {difference.row}')
                return FAILED
            put(f'{user.email}: exact')
    return DONE


@command
def rebuild(args: argparse.Namespace, settings: Settings) -> int:
    from services import users

    with opened(settings) as database:
        with database.reading() as session:
            chosen: list[User] = users.everyone(session) if args.all else [users.find(session, args.user)]
        for user in chosen:
            assert user.id is not None
            build_anew(database, user.id, user.time_zone, email=user.email, bands=settings.bands)
            tell(f'{user.email}: rebuilt')
    return DONE


def build_anew(database: Database, user_id: int, zone: str, *, email: str, bands: RiskBands) -> None:
    """Build a user's sums in pieces, and tell how far it is; until it is done readers see the old ones."""
    from services.clock import system_clock
    from services.rollup_upkeep import RollupUpkeep

    progress = Progress(email, sys.stderr, unit='customers')
    try:
        RollupUpkeep(database, bands=bands, clock=system_clock).finish(user_id, zone, told=progress.done_of)
    finally:
        progress.clear()
