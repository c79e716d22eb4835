from __future__ import annotations

from services.database import Database
from services.row_lists import RowList, listed, listing

ODD = 'he said "no", \n\\ {\t} ’ \U0001f600 %'


def test_lists_are_read_by_one_statement_as_they_are_read_one_by_one(database: Database) -> None:
    lists = [
        RowList(
            'name, count(*)', "FROM (SELECT 'a' AS name UNION ALL SELECT 'a' UNION ALL SELECT 'b') t GROUP BY name"
        ),
        RowList('1, 2', 'WHERE 1 = 0'),
        RowList('number, CAST(NULL AS text), 9007199254740993', 'FROM (SELECT 7 AS number) t'),
    ]
    apart = [sorted(list(row) for row in database.asked(each.statement, {})) for each in lists]
    assert [sorted(rows) for rows in listed(database.asked(listing(lists, database.dialect), {}))] == apart
    assert apart == [[['a', 2], ['b', 1]], [], [[7, None, 9007199254740993]]]


def test_texts_come_as_they_are(database: Database) -> None:
    name = '%(name)s' if database.dialect == 'postgresql' else ':name'
    rows = database.asked(listing([RowList(f'CAST({name} AS text)', '')], database.dialect), {'name': ODD})
    assert listed(rows) == [[[ODD]]]
