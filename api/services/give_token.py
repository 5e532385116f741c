"""Give a device a token: the only moment it can be read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from knox.models import get_token_model

from core.uow import door_verb


@dataclass(frozen=True)
class Given:
    """`token` is stored as a hash only; `expires_at` is an instant in UTC."""

    token: str
    expires_at: datetime


@door_verb
def give_token(*, user: Any) -> Given:
    """A new token of `user`, whose password was just checked, beside those of their other devices."""
    row, token = get_token_model().objects.create(user)
    return Given(token, row.expiry)
