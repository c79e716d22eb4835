"""``check`` and ``rebuild``: whether the rollups are what a recomputation says, and building them anew."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from app.commands.context import DONE, FAILED, command, opened, put, tell
from app.settings import Settings

if TYPE_CHECKING:
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
    from services.rollup_rebuild import first_difference, state_of

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
    from services.revisions import next_revision
    from services.rollup_rebuild import rebuild as build

    with opened(settings) as database:
        with database.reading() as session:
            chosen: list[User] = users.everyone(session) if args.all else [users.find(session, args.user)]
        for user in chosen:
            assert user.id is not None
            with database.writing() as session:
                next_revision(session, user.id)
                build(session, user.id, zone=user.time_zone, bands=settings.bands)
            tell(f'{user.email}: rebuilt')
    return DONE
