"""Building a new generation of rollups in pieces while the present one is read and kept up to date."""

from __future__ import annotations

from sqlalchemy import delete, func, or_, select, text, update
from sqlmodel import Session, col

from services.errors import Unavailable
from services.models import Customer, User, UserRevision
from services.revisions import LOADING, next_revision
from services.rollup_build import build
from services.rollup_rebuild import ROLLUPS, last_number, read
from services.rollup_state import Built, Generation, being_built
from services.rollup_tables import CustomerDay, RollupBuild
from services.scores import RiskBands
from services.user_lock import hold

SWEPT = 20_000


def wanting(session: Session, bands: RiskBands) -> list[tuple[int, str]]:
    """(user, zone) of those whose rollups were built for another zone, or for other risk bands, than wanted now."""
    revision = UserRevision
    found = session.execute(
        select(col(User.id), col(User.time_zone))
        .join(revision, col(revision.user_id) == col(User.id))
        .where(
            col(revision.rollup_zone).is_not(None),
            col(revision.loading).is_(None),
            or_(
                col(revision.rollup_zone) != col(User.time_zone),
                col(revision.rollup_medium) != bands.medium,
                col(revision.rollup_high) != bands.high,
            ),
        )
    )
    return [(user_id, zone) for user_id, zone in found if user_id is not None]


def begin(session: Session, user_id: int, wanted: Built) -> Generation:
    """Start building, or go on with what is being built for the same; the caller holds the user's revision row."""
    building = being_built(session, user_id)
    if building and building.built == wanted:
        return building
    number = last_number(session, user_id) + 1
    session.execute(delete(RollupBuild).where(col(RollupBuild.user_id) == user_id))
    bands = wanted.bands
    session.add(RollupBuild(user_id=user_id, generation=number, zone=wanted.zone, medium=bands.medium, high=bands.high))
    session.flush()
    return Generation(number=number, built=wanted, upto='')


def abandon(session: Session, user_id: int) -> None:
    """Build what is being built no further; the caller holds the user's revision row."""
    session.execute(delete(RollupBuild).where(col(RollupBuild.user_id) == user_id))


def add_piece(session: Session, user_id: int, wanted: Built, *, customers: int) -> bool:
    """Build the next customers in the caller's transaction; after the last one the generation is the one that is read.

    :returns: whether there is more to do.
    :raises Unavailable: a long file of the user is being taken in.
    """
    if hold(session, user_id).loading is not None:
        raise Unavailable(LOADING, retry_after=10)
    generation = begin(session, user_id, wanted)
    after = generation.upto or ''
    upto = customer_after(session, user_id, after, customers)
    build(session, user_id, generation, after=after, upto=upto)
    mine = col(RollupBuild.user_id) == user_id
    if upto is not None:
        done = col(RollupBuild.customers) + customers
        session.execute(update(RollupBuild).where(mine).values(upto=upto, customers=done))
        return True
    session.execute(delete(RollupBuild).where(mine))
    next_revision(session, user_id)
    read(session, user_id, generation)
    return False


def progress(session: Session, user_id: int) -> tuple[int, int]:
    """How many customers the generation that is being built has, of how many."""
    done = session.execute(select(col(RollupBuild.customers)).where(col(RollupBuild.user_id) == user_id)).scalar()
    total = session.execute(select(func.count()).where(col(Customer.user_id) == user_id)).scalar_one()
    return int(done or 0), int(total)


def unswept(session: Session) -> set[int]:
    """Users with rollups other than those that are read: of generations nobody reads, or one that is being built."""
    revision, leftover = UserRevision, []
    for table in ROLLUPS:
        mine = col(table.user_id) == col(revision.user_id)
        for end in (func.min, func.max):
            number = select(end(col(table.generation))).where(mine).correlate(revision).scalar_subquery()
            leftover.append(number != col(revision.rollup_generation))
    found = session.execute(select(col(revision.user_id)).where(col(revision.rollup_zone).is_not(None), or_(*leftover)))
    return {user_id for (user_id,) in found if user_id is not None}


def sweep(session: Session, user_id: int) -> bool:
    """Delete some rows of generations that nobody reads and nobody builds.

    :returns: whether there may be more.
    """
    building = being_built(session, user_id)
    kept = {hold(session, user_id).rollup_generation, building.number if building else None}
    for table in ROLLUPS:
        numbers = {
            session.execute(select(end(col(table.generation))).where(col(table.user_id) == user_id)).scalar()
            for end in (func.min, func.max)
        }
        for number in numbers - kept - {None}:
            if table is CustomerDay:
                _delete_customer_days(session, user_id, int(number or 0))
            else:
                session.execute(delete(table).where(col(table.user_id) == user_id, col(table.generation) == number))
            return True
    return False


def customer_after(session: Session, user_id: int, after: str, count: int) -> str | None:
    """The id ``count`` customers further on; ``None``: there are no more than that."""
    ids = select(col(Customer.customer_id)).where(col(Customer.user_id) == user_id, col(Customer.customer_id) > after)
    return session.execute(ids.order_by(col(Customer.customer_id)).offset(count - 1).limit(1)).scalar()


def _delete_customer_days(session: Session, user_id: int, number: int) -> None:
    names = {'user': user_id, 'generation': number, 'rows': SWEPT}
    session.execute(
        text(
            'DELETE FROM customer_day WHERE user_id = :user AND generation = :generation AND customer_id <= coalesce(('
            'SELECT customer_id FROM customer_day WHERE user_id = :user AND generation = :generation '
            'ORDER BY customer_id, day LIMIT 1 OFFSET :rows), customer_id)'
        ),
        names,
    )
