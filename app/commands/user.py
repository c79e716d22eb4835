"""``user add|list|disable|enable|password|time-zone``: the accounts."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from typing import TYPE_CHECKING

from app.commands.context import DONE, command, opened, put, tell
from app.commands.rollups import build_anew
from app.settings import Settings
from services.errors import InvalidRequest

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_parser(subparsers: Subparsers) -> None:
    actions = subparsers.add_parser(
        'user', help='add, list, disable or enable users, set a password or a time zone'
    ).add_subparsers(required=True, metavar='ACTION')
    adding = actions.add_parser('add', help='create an account; asks for its password')
    adding.add_argument('email', metavar='EMAIL')
    adding.add_argument('--name', default='', help='how to address them')
    adding.add_argument('--time-zone', default='UTC', metavar='ZONE', help='such as Europe/Berlin (default: UTC)')
    adding.set_defaults(run=add)
    actions.add_parser('list', help='show all accounts').set_defaults(run=show)
    for name, run, text in (
        ('disable', disable, 'close an account and end its sessions and tokens'),
        ('enable', enable, 'open a disabled account again'),
        ('password', change_password, 'set a new password and end its sessions and tokens'),
    ):
        parser = actions.add_parser(name, help=text)
        parser.add_argument('email', metavar='EMAIL')
        parser.set_defaults(run=run)
    moving = actions.add_parser('time-zone', help='count days in another time zone, such as Europe/Berlin')
    moving.add_argument('email', metavar='EMAIL')
    moving.add_argument('zone', metavar='ZONE')
    moving.set_defaults(run=move)


@command
def add(args: argparse.Namespace, settings: Settings) -> int:
    from services import calendar, users

    email = users.normalised_email(args.email)
    calendar.time_zone(args.time_zone)  # before anybody types a password
    with opened(settings) as database:
        password_hash = _new_hash(email)
        with database.writing() as session:
            users.add(session, email, password_hash=password_hash, name=args.name, time_zone=args.time_zone)
    tell(f'Added {email}.')
    return DONE


@command
def show(_args: argparse.Namespace, settings: Settings) -> int:
    from services import users

    with opened(settings) as database, database.reading() as session:
        for user in users.everyone(session):
            put('\t'.join((user.email, 'disabled' if user.disabled else 'active', user.time_zone, user.name)))
    return DONE


@command
def disable(args: argparse.Namespace, settings: Settings) -> int:
    return _set_disabled(args.email, settings, disabled=True)


@command
def enable(args: argparse.Namespace, settings: Settings) -> int:
    return _set_disabled(args.email, settings, disabled=False)


@command
def change_password(args: argparse.Namespace, settings: Settings) -> int:
    from services import users

    with opened(settings) as database:
        with database.reading() as session:
            email = users.find(session, args.email).email
        password_hash = _new_hash(email)
        with database.writing() as session:
            users.set_password_hash(session, email, password_hash)
    tell(f'{email} has a new password; open pages and tokens end.')
    return DONE


@command
def move(args: argparse.Namespace, settings: Settings) -> int:
    from services import users
    from services.rollup_state import state_of

    with opened(settings) as database:
        with database.writing() as session:
            user = users.set_time_zone(session, args.email, args.zone)
            assert user.id is not None
            user_id, email = user.id, user.email
            built = state_of(session, user_id)
        if built and built.zone != args.zone:
            build_anew(database, user_id, args.zone, email=email, bands=settings.bands)
    tell(f'{email} now sees days in {args.zone}.')
    return DONE


def _set_disabled(email: str, settings: Settings, *, disabled: bool) -> int:
    from services import users

    with opened(settings) as database, database.writing() as session:
        user = users.set_disabled(session, email, disabled=disabled)
        address = user.email
    tell(f'{address} is disabled; open pages and tokens end.' if disabled else f'{address} can sign in again.')
    return DONE


def _new_hash(email: str) -> str:
    """Ask for a new password until the end of its hash; never taken from the command line, where others read it."""
    from services.passwords import Passwords

    passwords = Passwords()
    try:
        return asyncio.run(passwords.hash(_ask(), email=email))
    finally:
        passwords.close()


def _ask() -> str:
    """The password from a prompt, or from the first line of standard input where there is no terminal.

    :raises InvalidRequest: none was given, or the two entries differ.
    """
    try:
        if not sys.stdin.isatty():
            return sys.stdin.readline().rstrip('\r\n')
        password = getpass.getpass('New password (15 characters or more): ')
        if getpass.getpass('The same again: ') != password:
            raise InvalidRequest('The two passwords differ. Nothing was changed.', field='password')
    except (EOFError, UnicodeDecodeError) as error:
        raise InvalidRequest('No password was given.', field='password') from error
    return password
