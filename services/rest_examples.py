"""Examples of what REST answers, for the OpenAPI document: tests hold them against the classes."""

from __future__ import annotations

from typing import Any

from services.customer_schemas import EXAMPLE_CUSTOMER, EXAMPLE_NOTE, EXAMPLE_PREDICTION, EXAMPLE_RECORD
from services.view_schemas import EXAMPLE_VIEW

CURSOR = 'WzgyMDAwMCw4MTIsIjVjMGQ0MmUwZmVjMGNhYWUiXQ'
ACTIVITY = {key: value for key, value in EXAMPLE_PREDICTION.items() if key not in ('account_value', 'external_id')}
UPLOAD = {
    'id': 'u-5c0d42e0',
    'name': 'scores-2026-11-23.csv',
    'state': 'done',
    'bytes': 81_204,
    'rows': 2_000,
    'stored': 1_998,
    'rejected': 2,
    'accepted': 1_998,
    'corrected': 0,
    'duplicates': 0,
    'message': '1,998 predictions were taken in.',
    'source_id': '48',
    'created_at': '2026-11-23T08:00:00.000Z',
}
SOURCE = {
    'id': '48',
    'kind': 'file',
    'name': 'scores-2026-11-23.csv',
    'accepted': 1_998,
    'corrected': 0,
    'duplicates': 0,
    'rejected': 2,
    'created_at': '2026-11-23T08:00:00.000Z',
    'content_hash': '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
}
FAULT = {'line': 3, 'column': 'churn_score', 'value': '1.4', 'reason': 'A score from 0 to 1 is needed.'}

KEY = {
    'id': '3',
    'name': 'nightly scores',
    'scope': 'ingest',
    'created_at': '2026-11-23T08:00:00.000Z',
    'last_used_at': '2026-11-23T08:05:00.000Z',
    'revoked': False,
}

ANSWERS: dict[str, Any] = {
    'NothingAnswer': {},
    'ApiKeyAnswer': {**KEY, 'revoked': True},
    'ApiKeyListAnswer': [KEY],
    'NewApiKeyAnswer': {**KEY, 'key': 'cbk_ThisIsNoKeyButShowsWhatOneLooksLikeHere0000'},
    'SessionAnswer': {
        'user_id': 1,
        'email': 'you@example.com',
        'name': 'You',
        'time_zone': 'Europe/Berlin',
        'expires_at': '2026-11-23T09:00:00.000Z',
        'access_token': 'eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.c2lnbmF0dXJl',
        'expires_in': 3600,
    },
    'BrowserSessionAnswer': {'expires_at': '2026-11-23T21:00:00.000Z', 'expires_in': 43_200, 'prolongable': True},
    'DashboardAnswer': {
        'user_id': 1,
        'timestamp': '2026-11-23T08:00:05.000Z',
        'metrics': {
            'total_predictions': 16_000,
            'avg_churn_score': 0.3421,
            'high_risk_predictions': 1_910,
            'medium_risk_predictions': 4_230,
            'low_risk_predictions': 9_860,
            'engagement_score': 96.4,
            'retention_rate': 66.12,
            'active_users_today': 812,
            'new_predictions_today': 815,
        },
        'recent_activity': [ACTIVITY],
        'trends': {'churn_trend': 'increasing', 'engagement_trend': 'stable', 'retention_trend': 'decreasing'},
        'alerts': [
            {
                'type': 'critical',
                'message': '31 customers became high risk today, three times as many as on usual days.',
                'timestamp': '2026-11-23T07:10:00.000Z',
                'id': '7',
            }
        ],
    },
    'ChartsAnswer': {
        'at_risk': [
            {key: value for key, value in EXAMPLE_CUSTOMER.items() if key not in ('status', 'first_seen', 'last_seen')}
        ],
        'customers': 2_000,
        'histogram': [{'lower': 0.8, 'upper': 0.85, 'count': 312, 'risk_level': 'high'}],
        'risk_over_time': [{'day': '2026-11-23', 'high': 240, 'medium': 530, 'low': 1_230}],
        'days': [
            {
                'day': '2026-11-23',
                'predictions': 815,
                'avg_churn_score': 0.3512,
                'high': 96,
                'medium': 214,
                'low': 505,
                'retention_rate': 66.12,
            }
        ],
        'snoozed': [],
        'snoozed_customers': 0,
    },
    'PredictionPageAnswer': {'items': [EXAMPLE_PREDICTION], 'next_cursor': CURSOR},
    'CustomerPageAnswer': {'items': [EXAMPLE_CUSTOMER], 'next_cursor': CURSOR},
    'RevenueAtRiskAnswer': {'customers': 240, 'with_value': 212, 'account_value': 340_000.0},
    'CustomerDetailAnswer': {
        **EXAMPLE_CUSTOMER,
        'predictions': 9,
        'change': 0.07,
        **EXAMPLE_RECORD,
        'history': {'items': [EXAMPLE_PREDICTION], 'next_cursor': CURSOR},
        'notes': [EXAMPLE_NOTE],
    },
    'CustomerRecordAnswer': EXAMPLE_RECORD,
    'NoteAnswer': {**EXAMPLE_NOTE, 'edited_at': '2026-11-23T10:02:00.000Z'},
    'ViewAnswer': EXAMPLE_VIEW,
    'ViewListAnswer': [EXAMPLE_VIEW],
    'CustomerRemovedAnswer': {'deleted': 9},
    'IngestAnswer': {'accepted': 1, 'corrected': 0, 'duplicates': 0, 'rejected': 1, 'errors': [FAULT]},
    'UploadAnswer': UPLOAD,
    'SourceListAnswer': [SOURCE],
    'UploadOrSourceAnswer': UPLOAD,
    'RemovedAnswer': {'deleted': 1_998, 'restored': 0},
    'ExportGrantAnswer': {'id': '5c0d42e0', 'url': '/api/exports/Zq4T0w', 'rows': 1_910},
    'ExportStatusAnswer': {'id': '5c0d42e0', 'format': 'csv', 'state': 'done', 'rows': 1_910, 'written': 1_910},
}
"""``data`` by the name of its envelope."""

ERRORS: dict[str, tuple[str, dict[str, Any]]] = {
    'invalid_request': (
        'What was sent is not as described here; `field` names the part. Nothing was changed.',
        {'message': 'Give a whole number from 1 to 1,000.', 'field': 'limit'},
    ),
    'invalid_credentials': (
        'E-mail address and password do not belong together.',
        {'message': 'The e-mail address or the password is wrong.'},
    ),
    'invalid_token': (
        'The token is missing, not valid or expired.',
        {'message': 'The token is missing, not valid or expired. Sign in again to get a new one.'},
    ),
    'forbidden': (
        'You are known, and may not do this.',
        {'message': 'A change by session cookie is only taken from a page of this server.'},
    ),
    'not_found': (
        'There is no such thing, or it is not yours: the answer is the same.',
        {'message': 'There is no such customer.'},
    ),
    'too_large': ('It is more than the server takes.', {'message': 'The body is larger than 65,536 bytes.'}),
    'invalid_rows': (
        'Some rows are bad, and skipping them was not asked for. Nothing was taken.',
        {'message': '1 row is not valid. Nothing was taken.', 'rejected': 1, 'errors': [FAULT]},
    ),
    'rate_limited': (
        'Too much at once. Try again after `retry_after` seconds.',
        {'message': 'That were many exports. Wait a little before the next.', 'retry_after': 12},
    ),
    'unavailable': (
        'The server cannot answer at the moment, or the answer takes long and is being worked out. '
        'Try again after `retry_after` seconds.',
        {'message': 'The database does not answer at the moment.', 'retry_after': 5},
    ),
}
"""What a code means, and an error of it without the code."""
