"""What is kept of a secret that somebody else holds."""

from __future__ import annotations

import hashlib


def secret_hash(secret: str) -> str:
    """SHA-256 in hexadecimal digits: enough where the secret is random and long, as no password is."""
    return hashlib.sha256(secret.encode()).hexdigest()
