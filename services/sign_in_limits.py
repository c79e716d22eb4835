"""How often a sign-in may fail before the next one has to wait: for an account, and for an address."""

from __future__ import annotations

import hashlib
import ipaddress
import math
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from services.counters import Counters
from services.errors import RateLimited
from services.last_known import LastKnown

WINDOW = 3600.0
"""Seconds: failures count for an hour."""

UNDELAYED = 5
"""Failures of an account after which each attempt takes longer than the one before."""
FIRST_DELAY, LONGEST_DELAY = 0.5, 8.0

REMEMBERED = 20_000
"""Accounts, and as many addresses; the one that was tried least lately gives way."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A sign-in that was let through, and counts as failed until it has succeeded."""

    account: Hashable
    address: Hashable
    at: float
    delay: float
    """Seconds it has to wait for."""


class SignInLimits:
    """Counts by what was typed, so that an account that there is not is treated as one that there is."""

    def __init__(
        self,
        *,
        per_account: int = 20,
        per_address: int = 50,
        counters: Counters,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """The numbers are failures within an hour."""
        self._accounts = _Failures(per_account)
        self._addresses = _Failures(per_address)
        self._counters = counters
        self._monotonic = monotonic

    def begin(self, email: str, address: str) -> Attempt:
        """Let a sign-in through, or not.

        :param address: the client's; empty where it is not known, and then not counted.
        :raises RateLimited: too many have failed.
        """
        now, account, network = self._monotonic(), _folded(email), _network(address)
        self._refuse('failed_sign_ins_of_account', self._accounts.wait(account, now))
        if network:
            self._refuse('failed_sign_ins_of_address', self._addresses.wait(network, now))
        delay = _delay(self._accounts.count(account, now))
        self._accounts.add(account, now)
        if network:
            self._addresses.add(network, now)
        return Attempt(account=account, address=network, at=now, delay=delay)

    def succeeded(self, attempt: Attempt) -> None:
        """The account's failures are forgotten, those of others from the same address are not."""
        self._accounts.clear(attempt.account)
        self._addresses.remove(attempt.address, attempt.at)

    def failed(self) -> None:
        self._counters.refused('invalid_credentials')

    def undecided(self, attempt: Attempt) -> None:
        """Whether it was right could not be found out: it does not count."""
        self._accounts.remove(attempt.account, attempt.at)
        self._addresses.remove(attempt.address, attempt.at)

    def _refuse(self, reason: str, wait: float) -> None:
        if wait > 0:
            self._counters.refused(reason)
            minutes = math.ceil(wait / 60)
            raise RateLimited(
                f'Too many sign-ins have failed. Wait {minutes} {"minute" if minutes == 1 else "minutes"}, '
                'then try again.',
                retry_after=math.ceil(wait),
            )


class _Failures:
    """The times of the last failures, by key."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._times: LastKnown[tuple[float, ...]] = LastKnown(size=REMEMBERED)

    def count(self, key: Hashable, now: float) -> int:
        return len(self._recent(key, now))

    def wait(self, key: Hashable, now: float) -> float:
        """Seconds until there is room for another one; 0 if there is now."""
        recent = self._recent(key, now)
        return recent[-self._most] + WINDOW - now if len(recent) >= self._most else 0.0

    def add(self, key: Hashable, now: float) -> None:
        self._times.put(key, (*self._recent(key, now), now))

    def remove(self, key: Hashable, at: float) -> None:
        left = list(self._times.get(key) or ())
        if at in left:
            left.remove(at)
            self._times.put(key, tuple(left))

    def clear(self, key: Hashable) -> None:
        self._times.drop(key)

    def _recent(self, key: Hashable, now: float) -> tuple[float, ...]:
        return tuple(at for at in self._times.get(key) or () if at > now - WINDOW)


def _delay(failures: int) -> float:
    # the exponent is bounded: with a high limit the power would be no number any more
    return min(FIRST_DELAY * 2 ** min(failures - UNDELAYED, 10), LONGEST_DELAY) if failures >= UNDELAYED else 0.0


def _folded(email: str) -> bytes:
    """The account of an address in any case: a hash, since people type passwords there, and anything at any length."""
    return hashlib.blake2b(email.strip().lower().encode(errors='surrogatepass'), digest_size=16).digest()


def _network(address: str) -> str:
    """What one client has for itself: of IPv6 that is a network of 64 bits."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((int(found), 64), strict=False))
    return str(found)
