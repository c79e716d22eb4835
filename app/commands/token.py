"""``token EMAIL``: a token for scripts, and nothing else on standard output."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from app.commands.context import DONE, command, opened, put
from app.secret_key import secret_key
from app.settings import Settings
from services.clock import system_clock
from services.errors import Forbidden

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser('token', help='print a token for REST and Socket.IO')
    parser.add_argument('email', metavar='EMAIL')
    parser.set_defaults(run=token)


@command
def token(args: argparse.Namespace, settings: Settings) -> int:
    from services import users
    from services.tokens import Tokens

    with opened(settings) as database, database.reading() as session:
        user = users.find(session, args.email)
        if user.disabled or user.id is None:
            raise Forbidden(f'{user.email} is disabled.')
        tokens = Tokens(secret_key(settings), max_seconds=settings.token_seconds, clock=system_clock)
        put(tokens.issue(user.id, user.token_version, seconds=settings.token_seconds))
    return DONE
