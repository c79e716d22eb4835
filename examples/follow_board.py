"""Follow a board, and say what happens on it: ``python -m examples.follow_board`` in the folder of the project."""

import asyncio
import os

import aiohttp

from services.live_client import LiveClient, LiveError

URL = os.environ.get('CHURNBOARD_URL', 'http://127.0.0.1:8080')


async def get_token():
    """A token lasts an hour; the client asks for the next one in time."""
    account = {'username': os.environ['CHURNBOARD_EMAIL'], 'password': os.environ['CHURNBOARD_PASSWORD']}
    async with aiohttp.request('POST', f'{URL}/api/auth/token', data=account, raise_for_status=True) as answer:
        return (await answer.json())['access_token']


async def main():
    async with LiveClient(URL, updates='changes', renew=get_token) as client:
        client.set_callbacks(
            on_prediction=lambda prediction: print('new:', prediction['customer_id'], prediction['churn_score']),
            on_alert=lambda alert: print('alert:', alert['message']),
            on_status=lambda status: print('status:', status),
            on_error=lambda error: print('error:', error),
        )
        await client.connect(await get_token())
        await client.send_user_action('date_range', {'range': '30d'})
        async for board in client:
            metrics = board['metrics']
            print(f'{metrics["high_risk_predictions"]:,} of {metrics["total_predictions"]:,} are high risk')


if __name__ == '__main__':
    try:
        asyncio.run(main())
    except (LiveError, aiohttp.ClientError) as error:
        raise SystemExit(f'This is the end: {error}') from None
    except KeyboardInterrupt:
        pass
