"""The events of the live protocol in both directions: the one list that its documents are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel

from services.protocol_requests import Authenticate, ConnectAuth, RequestDashboardData, UserAction
from services.protocol_schemas import (
    ActionOutcome,
    Connected,
    DashboardChanges,
    DashboardUpdate,
    Failure,
    NewPrediction,
    ServerShutdown,
    SystemAlert,
    UploadProgress,
)


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event of the protocol."""

    name: str
    payload: Any
    """The class of its data, or a union of classes."""
    when: str
    """When the server sends it, or what it does on receiving it; a sentence."""
    answers: tuple[str, ...] = ()
    """Events that answer one of the client's."""
    acknowledgement: tuple[type[BaseModel], ...] = ()
    """What an acknowledgement holds, of a client that asks for one; nothing else than an error: ``null``."""


SENT = (
    Event(
        name='connected',
        payload=Connected,
        when='First on every connection, once the token is checked; again as the answer to `authenticate`.',
    ),
    Event(
        name='dashboard_update',
        payload=DashboardUpdate,
        when='After `connected`, as the answer to `request_dashboard_data` and `user_action`, and at each beat '
        '(every 5 seconds by default).',
    ),
    Event(
        name='dashboard_changes',
        payload=DashboardChanges,
        when='At each beat instead of `dashboard_update`, for connections with `updates: changes`; nothing comes '
        'while nothing changed. Also as the answer to `request_dashboard_data` with `since`.',
    ),
    Event(
        name='new_prediction',
        payload=NewPrediction,
        when='As soon as a prediction is committed; at most 5 between two beats, the last of them with `more`.',
    ),
    Event(
        name='system_alert',
        payload=SystemAlert,
        when='When an alert starts, and 60 seconds before the token of the connection ends.',
    ),
    Event(
        name='upload_progress',
        payload=UploadProgress,
        when='At each change of state of an upload, and at most once a second between.',
    ),
    Event(name='server_shutdown', payload=ServerShutdown, when='Before a planned stop.'),
    Event(
        name='error',
        payload=Failure,
        when='When something you sent was wrong or could not be done. The connection lives on, except after '
        '`token_expired`, and `invalid_token` that answers nothing.',
    ),
)
"""Server to client."""

TAKEN = (
    Event(
        name='connect',
        payload=ConnectAuth,
        when='The `auth` object of the connection. A connection without a valid token is told why, and closed.',
        answers=('connected', 'dashboard_update'),
    ),
    Event(
        name='request_dashboard_data',
        payload=RequestDashboardData,
        when='Asks for the numbers now.',
        answers=('dashboard_update', 'dashboard_changes', 'error'),
        acknowledgement=(Failure,),
    ),
    Event(
        name='user_action',
        payload=UserAction,
        when='Changes what this connection looks at, or has something done.',
        answers=('dashboard_update', 'error'),
        acknowledgement=(ActionOutcome, Failure),
    ),
    Event(
        name='authenticate',
        payload=Authenticate,
        when='Puts a new token of the same user in the place of the present one. The connection goes on as it was; '
        'a token that is not good changes nothing.',
        answers=('connected', 'error'),
        acknowledgement=(Connected, Failure),
    ),
)
"""Client to server."""

ACTIONS: Mapping[str, type[BaseModel]] = {
    get_args(action.model_fields['action'].annotation)[0]: action for action in get_args(get_args(UserAction)[0])
}
"""The shapes of ``user_action`` by the name of the action."""
