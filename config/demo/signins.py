"""Passwords of the demo's people: made of this installation's secret key and the address, so that none stands in the
repository, every installation has its own, and `./run` can print them at each start. The database keeps only hashes.
"""

import base64
import hashlib
import hmac

from django.conf import settings

DOMAIN = "thornquay.example"
LETTERS = 12


def password_of(email: str) -> str:
    """Three groups of four small letters and digits."""
    key, words = settings.SECRET_KEY.encode(), f"demo sign-in|{email}".encode()
    digest = hmac.new(key, words, hashlib.sha256).digest()
    text = base64.b32encode(digest).decode().lower()[:LETTERS]
    return "-".join(text[i : i + 4] for i in range(0, LETTERS, 4))


def is_local() -> bool:
    """Passwords that a command prints are for a site that only this machine can reach: plain http, no public address."""
    return bool(settings.PLAIN_HTTP)
