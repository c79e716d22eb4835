"""What pages report of themselves: a line each of our own making, and few of them."""

from __future__ import annotations

import logging

from nicegui import Client, core

from services.rate_limit import RateLimit

log = logging.getLogger(__name__)

LONGEST = 300


class PageLog:
    """Takes the place of NiceGUI's own, which writes whatever a browser sends, at any level and any number of times."""

    def __init__(self) -> None:
        self._rate = RateLimit(per_second=1, burst=5)

    def take(self, _sid: str, message: object = None) -> None:
        """A page reports something, such as an error of its script; what is none of that is left out."""
        if not isinstance(message, dict):
            return
        client_id, text = message.get('client_id'), message.get('message')
        known = isinstance(client_id, str) and client_id in Client.instances
        if known and isinstance(text, str) and not self._rate.take(client_id):
            # quoted, so that it cannot pass for a line of ours or speak to a terminal
            log.info('A page reports %s', ascii(text[:LONGEST]))


def take_page_logs() -> None:
    """From now on, of all pages of this process."""
    core.sio.on('log', PageLog().take)
