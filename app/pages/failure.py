"""What a visitor sees when a page could not be built: a number to quote, and nothing of the inside."""

from __future__ import annotations

import logging
import secrets

from nicegui import ui

log = logging.getLogger(__name__)


def failure_page(error: Exception) -> None:
    """Show the page; the log has the error under the same number."""
    number = secrets.token_hex(4)
    log.error('A page failed (%s): %s', number, type(error).__name__)
    with ui.element('main').style('max-width: 32rem; margin: 20vh auto; padding: 0 1rem; font-family: system-ui'):
        ui.label('This page could not be shown').style('font-size: 1.5rem; font-weight: 600')
        ui.label('Your data is safe. Try again in a moment; if it stays, give this number to whoever runs Churnboard:')
        ui.label(number).style('font-family: monospace; margin: 1rem 0')
        ui.link('Try again', '/')
