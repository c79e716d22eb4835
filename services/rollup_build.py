"""Building rollups from the predictions: all customers at once, or a stretch of them in the order of their ids.

The predictions go into a table in order, where a row's neighbours are the rows with the next lower and higher number:
on SQLite that takes a fifth of the time of window functions.
"""

from __future__ import annotations

from sqlalchemy import column, func, insert, select, table, text
from sqlmodel import Session, col

from services.calendar import day_expression, time_zone
from services.models import Prediction
from services.rollup_state import Generation
from services.rollup_sums import ADD_INTERVALS, SUMS, add_sums
from services.rollup_tables import NEVER
from services.temporary_tables import TemporaryTable

ORDERED = TemporaryTable('ordered', 'customer_id TEXT, at BIGINT, arrival BIGINT, score INTEGER, day BIGINT')
ENDS = TemporaryTable('ends', 'customer_id TEXT, day BIGINT, arrival BIGINT, score INTEGER')
TABLES = (ORDERED, ENDS, SUMS)

LAST_OF_DAY = """
    INSERT INTO ends (customer_id, day, arrival, score)
    SELECT a.customer_id, a.day, a.arrival, a.score
    FROM ordered a LEFT JOIN ordered n ON n.ord = a.ord + 1
    WHERE n.ord IS NULL OR n.customer_id <> a.customer_id OR n.day > a.day
    ORDER BY a.ord
"""

LINK = """
    INSERT INTO customer_day (user_id, generation, customer_id, day, next_day, arrival, score, was_high)
    SELECT :user, :generation, a.customer_id, a.day,
        CASE WHEN n.customer_id = a.customer_id THEN n.day ELSE :never END, a.arrival, a.score,
        CASE WHEN p.customer_id = a.customer_id THEN p.score >= :high ELSE false END
    FROM ends a LEFT JOIN ends n ON n.ord = a.ord + 1 LEFT JOIN ends p ON p.ord = a.ord - 1
    ORDER BY a.ord
"""

SUM_DAYS = """
    INSERT INTO sums (day, bin, count, sum)
    SELECT day, CASE WHEN score = 1000000 THEN 19 ELSE score / 50000 END, count(*), sum(score)
    FROM ordered GROUP BY 1, 2
"""

NEW_INTERVALS = """
    SELECT next_day, day, count(*) AS customers, sum(score) AS sum,
        sum(CASE WHEN score >= :high THEN 1 ELSE 0 END) AS high,
        sum(CASE WHEN score >= :medium AND score < :high THEN 1 ELSE 0 END) AS medium,
        sum(CASE WHEN score >= :high AND NOT was_high THEN 1 ELSE 0 END) AS newly_high
    FROM customer_day
    WHERE user_id = :user AND generation = :generation AND customer_id > :after AND {upto}
    GROUP BY next_day, day
"""


def build(session: Session, user_id: int, generation: Generation, *, after: str = '', upto: str | None = None) -> None:
    """Add customers that a generation does not have yet.

    :param after: those whose ids are greater than this.
    :param upto: and not greater than this; ``None``: all of those.
    """
    bands = generation.built.bands
    key = {'user': user_id, 'generation': generation.number}
    for temporary in TABLES:
        temporary.create(session)
    _put_in_order(session, user_id, generation.built.zone, after=after, upto=upto)
    ORDERED.analyze(session)
    session.execute(text(SUM_DAYS))
    add_sums(session, user_id, generation)
    session.execute(text(LAST_OF_DAY))
    ENDS.analyze(session)
    session.execute(text(LINK), {**key, 'never': NEVER, 'high': bands.high})
    intervals = NEW_INTERVALS.format(upto='true' if upto is None else 'customer_id <= :upto')
    limits = {'after': after} if upto is None else {'after': after, 'upto': upto}
    session.execute(
        text(ADD_INTERVALS.format(intervals=intervals)), {**key, **limits, 'high': bands.high, 'medium': bands.medium}
    )
    for temporary in TABLES:
        temporary.clear(session)


def _put_in_order(session: Session, user_id: int, zone: str, *, after: str, upto: str | None) -> None:
    mine = [col(Prediction.user_id) == user_id]
    # each for itself: SQLite looks one end up in an index, and goes through everything for both
    ends = (func.min(col(Prediction.predicted_at)), func.max(col(Prediction.predicted_at)))
    first, last = session.execute(select(*(select(end).where(*mine).scalar_subquery() for end in ends))).one()
    if after:
        mine.append(col(Prediction.customer_id) > after)
    if upto is not None:
        mine.append(col(Prediction.customer_id) <= upto)
    order = (col(Prediction.customer_id), col(Prediction.predicted_at), col(Prediction.arrival))
    day = day_expression(col(Prediction.predicted_at), time_zone(zone), first=first or 0, last=last or 0)
    rows = select(*order, col(Prediction.score), day).where(*mine).order_by(*order)
    names = ('customer_id', 'at', 'arrival', 'score', 'day')
    session.execute(insert(table('ordered', *map(column, names))).from_select(names, rows))
