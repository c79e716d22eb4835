from __future__ import annotations

from collections.abc import Callable
from typing import Any

from components.banner import Banner

SAMPLE = 'These customers are made up, to show how the board works before your own scores arrive.'


class SampleBanner(Banner):
    """Says that the customers on the board are made up."""

    def __init__(self, on_remove: Callable[[], Any]) -> None:
        super().__init__(action='Remove sample data', on_action=on_remove, kind='sample')
        self.say('Sample data', SAMPLE)
