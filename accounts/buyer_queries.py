"""Reads of who buys and who approves for a customer."""

from datetime import datetime

from accounts.models import Buyer, User
from accounts.queries import who_acts_for
from accounts.states import BuyerRole, Role


def approvers_of(account_id: int, *, now: datetime) -> list[tuple[int, str]]:
    """(user id, email) of who may decide for the company now: its approvers and administrators, and for those who are
    away whoever stands in. 3 SQL."""
    rows = Buyer.objects.filter(
        account_id=account_id,
        is_active=True,
        role__in=[BuyerRole.APPROVER, BuyerRole.ADMIN],
        user__is_active=True,
        user__roles__contains=[Role.BUYER_APPROVER],
    )
    acting = who_acts_for(rows.values_list("user_id", flat=True), at=now).values()
    wanted = {user_id for user_id in acting if user_id is not None}
    found = User.objects.filter(pk__in=wanted).exclude(email="").order_by("pk")
    return list(found.values_list("pk", "email"))
