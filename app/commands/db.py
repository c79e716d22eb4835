"""``db upgrade``: bring the tables up to date."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from app.commands.context import DONE, command, opened, tell
from app.settings import Settings

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_parser(subparsers: Subparsers) -> None:
    actions = subparsers.add_parser('db', help='look after the database').add_subparsers(
        required=True, metavar='ACTION'
    )
    actions.add_parser('upgrade', help='bring the tables up to date').set_defaults(run=upgrade)


@command
def upgrade(_args: argparse.Namespace, settings: Settings) -> int:
    from services import migrations

    with opened(settings, prepare=migrations.upgrade):
        tell('The tables are up to date.')
    return DONE
