"""What is known of customers beside their scores: the name and value of the newest row that states one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import ColumnElement, RowMapping, and_, case, column, insert, or_, table, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from services.models import Customer
from services.row_staging import INCOMING
from services.temporary_tables import TemporaryTable

CHUNK = 2_000

CONCERNED = TemporaryTable('concerned', 'customer_id TEXT UNIQUE')
"""Customers of whom rows went or changed."""

NEWS = TemporaryTable(
    'news',
    'customer_id TEXT UNIQUE, folded_id TEXT, name TEXT, folded_name TEXT, name_at BIGINT, account_value BIGINT, '
    'value_at BIGINT, is_new INTEGER',
)
"""What staged rows say of their customers: the name and value of the newest row that states one."""

NEWEST = """
    (SELECT customer_id, {column}, coalesce(predicted_at, :now) AS at, row_number() OVER (
         PARTITION BY customer_id ORDER BY coalesce(predicted_at, :now) DESC, ord DESC) AS place
     FROM incoming WHERE {column} IS NOT NULL)
"""

NAMES = f"""
    INSERT INTO news (customer_id, name, name_at)
    SELECT customer_id, customer_name, at FROM {NEWEST.format(column='customer_name')} AS placed WHERE place = 1
"""

VALUES = f"""
    INSERT INTO news (customer_id, account_value, value_at)
    SELECT customer_id, account_value, at FROM {NEWEST.format(column='account_value')} AS placed WHERE place = 1
    ON CONFLICT (customer_id) DO UPDATE SET account_value = excluded.account_value, value_at = excluded.value_at
"""

NAMELESS = """
    INSERT INTO news (customer_id) SELECT DISTINCT customer_id FROM incoming WHERE true
    ON CONFLICT (customer_id) DO NOTHING
"""

FOLD = """
    UPDATE news SET folded_id = {id}, folded_name = {name}, is_new = CASE WHEN EXISTS (
        SELECT 1 FROM customer c WHERE c.user_id = :user AND c.customer_id = news.customer_id) THEN 0 ELSE 1 END
"""

FOLD_ONE = 'UPDATE news SET folded_id = :id, folded_name = :name WHERE ord = :ord'

FOLD_MANY = """
    UPDATE news SET folded_id = f.id, folded_name = f.name
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS f(ord bigint, id text, name text) WHERE news.ord = f.ord
"""

BEYOND_ASCII = """
    SELECT ord, customer_id, name FROM news WHERE {id} <> length(customer_id) OR {name} <> length(name)
"""

COLUMNS = 'customer_id, folded_id, name, folded_name, name_at, account_value, value_at'

INSERT_NEW = f"""
    INSERT INTO customer (user_id, {COLUMNS}) SELECT :user, {COLUMNS} FROM news
    WHERE is_new = 1 AND ord > :after AND ord <= :upto ORDER BY ord
"""

UPDATE_NAMES = """
    UPDATE customer SET (name, folded_name, name_at) = (
        SELECT n.name, n.folded_name, n.name_at FROM news n WHERE n.customer_id = customer.customer_id)
    WHERE user_id = :user AND customer_id IN (SELECT customer_id FROM news WHERE is_new = 0 AND name IS NOT NULL)
      AND coalesce(name_at, 0) <= (SELECT n.name_at FROM news n WHERE n.customer_id = customer.customer_id)
"""

UPDATE_VALUES = """
    UPDATE customer SET (account_value, value_at) = (
        SELECT n.account_value, n.value_at FROM news n WHERE n.customer_id = customer.customer_id)
    WHERE user_id = :user
      AND customer_id IN (SELECT customer_id FROM news WHERE is_new = 0 AND account_value IS NOT NULL)
      AND coalesce(value_at, 0) <= (SELECT n.value_at FROM news n WHERE n.customer_id = customer.customer_id)
"""

FORGET_CONCERNED = """
    DELETE FROM customer WHERE user_id = :user AND customer_id IN (SELECT customer_id FROM concerned)
"""

STAGE_CONCERNED = """
    INSERT INTO incoming (customer_id, predicted_at, customer_name, account_value)
    SELECT p.customer_id, p.predicted_at, p.customer_name, p.account_value
    FROM concerned c JOIN prediction p ON p.user_id = :user AND p.customer_id = c.customer_id
    ORDER BY p.arrival
"""


def note_customers(session: Session, user_id: int, predictions: Iterable[Mapping[str, Any] | RowMapping]) -> None:
    """Take in what new predictions (in order of arrival) say of their customers."""
    known: dict[str, dict[str, Any]] = {}
    for row in predictions:
        customer = known.setdefault(row['customer_id'], _blank(user_id, row['customer_id']))
        _note(customer, row)
    if known:
        _upsert(session, list(known.values()))


def note_staged(session: Session, user_id: int, now: int) -> None:
    """The same for the rows of the temporary table ``incoming``, by statements that take all of them at once.

    :param now: the time of rows that state none, in microseconds.
    """
    gather_news(session, user_id, now)
    insert_new(session, user_id)
    update_known(session, user_id)


def gather_news(session: Session, user_id: int, now: int) -> int:
    """Fill ``news``; writes nothing else.

    :returns: the greatest number of its rows.
    """
    NEWS.create(session)
    NEWS.clear(session)
    for statement in (NAMES, VALUES):
        session.execute(text(statement), {'now': now})
    session.execute(text(NAMELESS))
    fold, octets = ('lower({})', 'length(CAST({} AS BLOB))')
    if not _on_sqlite(session):
        fold, octets = ('lower({} COLLATE "C")', 'octet_length({})')
    NEWS.analyze(session)
    session.execute(text(FOLD.format(id=fold.format('customer_id'), name=fold.format('name'))), {'user': user_id})
    beyond_ascii = BEYOND_ASCII.format(id=octets.format('customer_id'), name=octets.format('name'))
    _fold(session, session.execute(text(beyond_ascii)).all())
    return int(session.execute(text('SELECT coalesce(max(ord), 0) FROM news')).scalar_one())


def insert_new(session: Session, user_id: int, *, after: int = 0, upto: int = 1 << 62) -> None:
    """Write the customers of ``news`` with numbers in (after, upto] that there were none of before."""
    session.execute(text(INSERT_NEW), {'user': user_id, 'after': after, 'upto': upto})


def update_known(session: Session, user_id: int) -> None:
    """Write what ``news`` says of customers that were there before."""
    if session.execute(text('SELECT 1 FROM news WHERE is_new = 0 LIMIT 1')).first():
        for statement in (UPDATE_NAMES, UPDATE_VALUES):
            session.execute(text(statement), {'user': user_id})
    NEWS.clear(session)


def _fold(session: Session, rows: Sequence[Any]) -> None:
    """Fold names beyond ASCII in Python: no database does it as the queries' texts are folded."""
    folded = [
        {'ord': row.ord, 'id': row.customer_id.casefold(), 'name': row.name and row.name.casefold()} for row in rows
    ]
    if not folded:
        return
    if session.get_bind().dialect.name == 'sqlite':
        session.connection().execute(text(FOLD_ONE), folded)
    else:  # its table has no index: all of them in one pass
        session.connection().execute(text(FOLD_MANY), {'rows': orjson.dumps(folded).decode()})


def rebuild_customers(session: Session, user_id: int, customer_ids: Collection[str]) -> None:
    """Work out anew what remains known of these customers after rows of theirs were corrected or deleted."""
    if not customer_ids:
        return
    CONCERNED.create(session)
    session.connection().execute(
        insert(table('concerned', column('customer_id'))), [{'customer_id': customer} for customer in customer_ids]
    )
    rebuild_concerned(session, user_id)


def rebuild_concerned(session: Session, user_id: int) -> None:
    """The same for those in the temporary table ``concerned``, which is empty afterwards."""
    CONCERNED.analyze(session)
    INCOMING.create(session)
    INCOMING.clear(session)
    for statement in (FORGET_CONCERNED, STAGE_CONCERNED):
        session.execute(text(statement), {'user': user_id})
    INCOMING.analyze(session)
    note_staged(session, user_id, 0)
    for temporary in (INCOMING, CONCERNED):
        temporary.clear(session)


def _blank(user_id: int, customer_id: str) -> dict[str, Any]:
    return {
        'user_id': user_id,
        'customer_id': customer_id,
        'folded_id': customer_id.casefold(),
        'name': None,
        'folded_name': None,
        'name_at': None,
        'account_value': None,
        'value_at': None,
    }


def _note(customer: dict[str, Any], row: Mapping[str, Any] | RowMapping) -> None:
    at = row['predicted_at']
    if row['customer_name'] is not None and (customer['name_at'] is None or at >= customer['name_at']):
        customer.update(name=row['customer_name'], folded_name=row['customer_name'].casefold(), name_at=at)
    if row['account_value'] is not None and (customer['value_at'] is None or at >= customer['value_at']):
        customer.update(account_value=row['account_value'], value_at=at)


def _upsert(session: Session, customers: list[dict[str, Any]]) -> None:
    on_sqlite = _on_sqlite(session)
    dialect: Any = sqlite if on_sqlite else postgresql
    statement = dialect.insert(Customer)
    new = statement.excluded
    newer_name = _newer(new.name_at, col(Customer.name_at))
    newer_value = _newer(new.value_at, col(Customer.value_at))
    changes = {
        'name': case((newer_name, new.name), else_=col(Customer.name)),
        'folded_name': case((newer_name, new.folded_name), else_=col(Customer.folded_name)),
        'name_at': case((newer_name, new.name_at), else_=col(Customer.name_at)),
        'account_value': case((newer_value, new.account_value), else_=col(Customer.account_value)),
        'value_at': case((newer_value, new.value_at), else_=col(Customer.value_at)),
    }
    upsert = statement.on_conflict_do_update(
        index_elements=['user_id', 'customer_id'], set_=changes, where=or_(newer_name, newer_value)
    )
    if not on_sqlite:
        # nobody reads it: but what returns something is sent in pages of many rows, everything else row by row
        upsert = upsert.returning(col(Customer.user_id))
    session.connection().execute(upsert, customers)


def _newer(new: ColumnElement[int | None], old: Mapped[int | None]) -> ColumnElement[bool]:
    return and_(new.is_not(None), or_(old.is_(None), new >= old))


def _on_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == 'sqlite'
