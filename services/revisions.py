"""The row every writer of a user's data holds: it orders their commits and tells readers that something changed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col

from services.errors import InvalidToken, Unavailable
from services.models import UserRevision

LOADING = 'A long file of yours is being taken in at the moment. Nothing was changed: try again when it is done.'


def next_revision(session: Session, user_id: int, *, arrivals: int = 0, rewrites: bool = True) -> tuple[int, int]:
    """Raise the user's revision in this transaction and take ``arrivals`` arrival numbers.

    Holding the row until the commit makes commits of one user visible in the order of their numbers.

    :param rewrites: whether predictions that are there already may change or go.
    :returns: the new revision, and the last arrival number given out before.
    :raises Unavailable: a long file of the user is being taken in bit by bit; until then nothing else may change.
    """
    values: dict[str, Any] = {
        'revision': col(UserRevision.revision) + 1,
        'arrivals': col(UserRevision.arrivals) + arrivals,
    }
    if rewrites:
        values['rewritten'] = col(UserRevision.revision) + 1
    changed = session.exec(
        update(UserRevision)
        .where(col(UserRevision.user_id) == user_id)
        .values(values)
        .returning(col(UserRevision.revision), col(UserRevision.arrivals), col(UserRevision.loading))
    ).one()
    if changed.loading is not None:
        raise Unavailable(LOADING, retry_after=10)
    return changed.revision, changed.arrivals - arrivals


def raise_revision(session: Session, user_id: int) -> int:
    """Tell readers that something changed in which no prediction has a part: also while a long file is taken in.

    :returns: the new revision.
    :raises InvalidToken: there is no such user any more.
    """
    raised = session.exec(
        update(UserRevision)
        .where(col(UserRevision.user_id) == user_id)
        .values(revision=col(UserRevision.revision) + 1)
        .returning(col(UserRevision.revision))
    ).one_or_none()
    if raised is None:
        raise InvalidToken
    return int(raised.revision)
