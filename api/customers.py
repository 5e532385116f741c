"""For which customer a call is meant: named in the call, or the only one the caller may see."""

from typing import Any

from rest_framework.request import Request

from accounts.access import visible_accounts
from accounts.queries import account_snapshots, accounts_by_code, accounts_by_public_id, buyer_of
from accounts.rules.asks import AccountSnapshot
from accounts.states import BUYERS, BuyerRole
from api.fields import is_uuid
from core import clock
from core.errors import FieldError, InvalidInput, NotFound, NotPermitted

WHICH = FieldError(
    "/account",
    "required",
    "Say for which customer.",
    "Send its code or id; GET /api/v1/me lists those you may act for.",
)


def customer_of(request: Request, given: str = "") -> AccountSnapshot:
    """The customer named by code or public id, or the caller's only one. Raises NotFound (also of a foreign one) and
    InvalidInput where it has to be said."""
    seen = visible_accounts(request.user)
    if given:
        account_id = _named(given)
        if account_id is None or not seen.contains(account_id):
            raise NotFound(kind="account", ident=given[:60])
    elif len(seen.ids) == 1:
        (account_id,) = seen.ids
    else:
        raise InvalidInput([WHICH])
    return account_snapshots([account_id], on=clock.now().date())[account_id]


def require_may_order(request: Request, account_id: int) -> None:
    """A buyer who may only look places and cancels nothing. Raises NotPermitted."""
    user: Any = request.user
    if BUYERS.isdisjoint(user.roles):
        return
    buyer = buyer_of(user.pk, account_id)
    if buyer is None or buyer.role == BuyerRole.VIEWER:
        raise NotPermitted(actor=str(user), verb="order for this customer", roles="buyer")


def _named(given: str) -> int | None:
    if is_uuid(given):
        return accounts_by_public_id([given]).get(given.lower())
    return accounts_by_code([given]).get(given.strip().upper())
