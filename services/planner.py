"""Which way a query is answered: from the rollups where they can, by SQL over the predictions where they cannot."""

from __future__ import annotations

from sqlmodel import Session

from services.rollup_state import Built, state_of
from services.selection import Selection


def rollups_answer(session: Session, selection: Selection) -> bool:
    """Whether the rollups hold the answer to a query, whatever its dates.

    They do not know single predictions: "latest" and "distinct" under a filter need those. Nor do they know another
    zone or other risk bands than those they were built for.
    """
    query = selection.query
    if query.risk or query.text or query.source or query.min_score is not None or query.max_score is not None:
        return False
    return state_of(session, selection.user_id) == Built(zone=selection.zone.key, bands=selection.bands)
