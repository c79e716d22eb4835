"""Examples of each event's data, as the documents show them; a test holds them against the classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EPOCH = '9f1c3a5b7d2e4f60'
AT = '2026-11-23T14:02:11.000Z'
TOKEN = 'YOUR_TOKEN'

ACTIVITY: dict[str, Any] = {
    'id': '12480',
    'user_id': '7',
    'churn_score': 0.8213,
    'risk_level': 'high',
    'timestamp': '2026-11-23T14:02:09.120Z',
    'file_name': 'scores.csv',
    'status': 'completed',
    'customer_id': '7590-VHVEG',
    'customer_name': 'Fjord Analytics',
    'reasons': ['+Logins down 40 %', '-Long contract'],
}
ALERT = {'type': 'critical', 'message': '41 customers are at high risk now.', 'timestamp': AT, 'id': '17'}
METRICS = {
    'total_predictions': 12480,
    'avg_churn_score': 0.4187,
    'high_risk_predictions': 1391,
    'medium_risk_predictions': 4860,
    'low_risk_predictions': 6229,
    'engagement_score': 82.41,
    'retention_rate': 61.38,
    'active_users_today': 143,
    'new_predictions_today': 218,
}
UPDATE: dict[str, Any] = {
    'user_id': 7,
    'timestamp': AT,
    'metrics': METRICS,
    'recent_activity': [ACTIVITY],
    'trends': {'churn_trend': 'increasing', 'engagement_trend': 'stable', 'retention_trend': 'decreasing'},
    'alerts': [ALERT],
    'epoch': EPOCH,
    'seq': 1,
}
GRANTED = {'name': 'export', 'status': 'ok', 'id': 'Zk3aPq9xWb0c', 'url': '/api/exports/8sJ2', 'rows': 1391}

EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    'connected': {
        'Let in': {'status': 'success', 'message': 'Signed in as you@example.com.'},
        'Not let in': {
            'status': 'error',
            'code': 'invalid_token',
            'message': 'The token is missing, not valid or expired. Sign in again to get a new one.',
        },
    },
    'dashboard_update': {
        'All numbers': UPDATE,
        'The answer to an action': {**UPDATE, 'seq': 2, 'action': GRANTED},
    },
    'dashboard_changes': {
        'Three numbers changed': {
            'epoch': EPOCH,
            'seq': 3,
            'timestamp': AT,
            'metrics': {'total_predictions': 12481, 'high_risk_predictions': 1392, 'new_predictions_today': 219},
            'recent_activity': [ACTIVITY],
        },
        'Nothing changed since': {'epoch': EPOCH, 'seq': 4, 'timestamp': AT},
    },
    'new_prediction': {'The last of many': {**ACTIVITY, 'committed_at': AT, 'more': 35}},
    'system_alert': {
        'An alert': ALERT,
        'The token ends soon': {
            'type': 'warning',
            'message': f'The token expires at {AT}. Send authenticate with a new one to go on.',
            'timestamp': AT,
            'id': 'token-expiring',
        },
    },
    'upload_progress': {'Under way': {'id': 'u-4fd1', 'rows': 120000, 'rejected': 3, 'state': 'checking'}},
    'server_shutdown': {'A restart': {'retry_after': 5.0}},
    'error': {
        'A wrong request': {
            'code': 'invalid_request',
            'message': 'Risk is any of low, medium and high.',
            'field': 'risk',
        },
        'Too many events': {
            'code': 'rate_limited',
            'message': 'Too many events at once. Send fewer.',
            'retry_after': 0.4,
        },
    },
    'connect': {
        'All numbers at each beat': {'token': TOKEN},
        'Only what changed': {'token': TOKEN, 'updates': 'changes'},
    },
    'request_dashboard_data': {'All': {}, 'What I missed': {'since': [EPOCH, 3]}},
    'user_action': {
        'filter': {'action': 'filter', 'data': {'risk': ['high'], 'q': 'fjord'}},
        'date_range': {'action': 'date_range', 'data': {'range': '7d'}},
        'refresh': {'action': 'refresh'},
        'export': {'action': 'export', 'data': {'format': 'csv'}},
    },
    'authenticate': {'A new token': {'token': TOKEN}},
}
