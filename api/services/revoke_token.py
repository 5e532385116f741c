"""Take a token back: the device that sends it next is refused."""

from typing import Any

from core.uow import door_verb


@door_verb
def revoke_token(*, token: Any) -> None:
    """Remove the token row a call was made with."""
    token.delete()
