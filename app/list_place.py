"""Where in the list of customers at risk a reader is, as the address of the board says it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from components.at_risk_list import Order

MOST = 100
"""Pages that an address can name: to find a page, all rows before it are read."""
_PAGE = re.compile(r'[1-9]\d{0,2}', re.ASCII)


@dataclass(frozen=True, kw_only=True)
class ListPlace:
    """An order of the list, and a page of it."""

    order: Order = 'risk'
    page: int = 1

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> ListPlace:
        """What cannot be used is left out."""
        page = parameters.get('page', '')
        number = int(page) if _PAGE.fullmatch(page) else 1
        return cls(
            order='change' if parameters.get('sort') == 'change' else 'risk', page=number if number <= MOST else 1
        )

    @property
    def parameters(self) -> dict[str, str]:
        """What :meth:`of` reads back; nothing for the beginning of the list."""
        sort = {'sort': self.order} if self.order != 'risk' else {}
        return sort | ({'page': str(self.page)} if 1 < self.page <= MOST else {})
