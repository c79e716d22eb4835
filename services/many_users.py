"""Statements about many users: their ids are one parameter, so that the statement is the same however many they are.

A parameter for each takes SQLAlchemy three times as long as everything else that a statement for 400 users needs.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import orjson
from sqlmodel import Session

AMONG_USERS = {
    'postgresql': '= ANY(CAST(:users AS bigint[]))',
    'sqlite': 'IN (SELECT value FROM json_each(:users))',
}
"""The condition that a column is among the users that :func:`users_parameter` names, in the words of the database."""


def unpacked(parameter: str, columns: Sequence[str], dialect: str, *, name: str) -> str:
    """A table of whole numbers from one parameter, which is a JSON list of lists.

    :param columns: what the places of a list are called, in their order.
    :param name: of the table.
    """
    if dialect == 'postgresql':
        values = [f'CAST(value ->> {place} AS bigint) AS {column}' for place, column in enumerate(columns)]
        source = f'jsonb_array_elements(CAST(:{parameter} AS jsonb))'
    else:
        values = [f"json_extract(value, '$[{place}]') AS {column}" for place, column in enumerate(columns)]
        source = f'json_each(:{parameter})'
    return f'(SELECT {", ".join(values)} FROM {source}) AS {name}'


def dialect_of(session: Session) -> str:
    return session.get_bind().dialect.name


def users_parameter(user_ids: Collection[int], dialect: str) -> dict[str, str]:
    """As the database writes a list of numbers."""
    listed = orjson.dumps(list(user_ids)).decode()  # ten times as fast as to join them
    return {'users': f'{{{listed[1:-1]}}}' if dialect == 'postgresql' else listed}


def for_driver(statement: str, dialect: str, *, parameter: str = 'users') -> str:
    """With the parameter as the driver has it: a statement that is its own is neither compiled nor kept."""
    return statement.replace(f':{parameter}', f'%({parameter})s') if dialect == 'postgresql' else statement
