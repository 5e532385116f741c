"""Reads of who buys and who approves for a customer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Account, Buyer, Rep, User
from accounts.queries import counted_by_document, who_acts_for
from accounts.states import BuyerRole, PromiseMail, Role
from core.refs import DocumentRef


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


@dataclass(frozen=True)
class Reader:
    """Somebody who may be written to about an order, and when they want to be."""

    user_id: int
    name: str
    address: str
    time_zone: str
    mail: PromiseMail


def buyers_to_tell(account_ids: Iterable[int]) -> dict[int, dict[int, Reader]]:
    """{account: {user: reader}} of who orders for each account, those of a parent who may among them. 2 SQL."""
    parents = dict(Account.objects.filter(pk__in=set(account_ids)).values_list("pk", "parent_id"))
    owners = {*parents, *(i for i in parents.values() if i)}
    rows = Buyer.objects.filter(account_id__in=owners, is_active=True, user__is_active=True)
    found: dict[int, dict[int, Reader]] = {account_id: {} for account_id in parents}
    under: dict[int, list[int]] = {}
    for account_id, parent_id in parents.items():
        under.setdefault(parent_id or 0, []).append(account_id)
    for buyer in rows.exclude(user__email="").exclude(role=BuyerRole.VIEWER).select_related("user").order_by("pk"):
        own = [buyer.account_id] if buyer.account_id in found else []
        for account_id in own + (under.get(buyer.account_id, []) if buyer.includes_children else []):
            found[account_id].setdefault(buyer.user_id, _reader(buyer.user, buyer.promise_mail))
    return found


def reps_to_tell(rep_ids: Iterable[int]) -> dict[int, Reader]:
    """{rep: reader} of the reps who may sign in and have an address. 1 SQL."""
    rows = Rep.objects.filter(pk__in=set(rep_ids), user__is_active=True).exclude(user__email="").select_related("user")
    return {rep.pk: _reader(rep.user, rep.promise_mail) for rep in rows}


def promise_mail_of(user_id: int) -> PromiseMail | None:
    """What the person chose, for all they buy or sell for; None: they do neither. 2 SQL."""
    rows = (model.objects.filter(user_id=user_id).values_list("promise_mail", flat=True) for model in (Buyer, Rep))
    found = next((value for row in rows for value in row[:1]), None)
    return None if found is None else PromiseMail(found)


def _reader(user: User, mail: str) -> Reader:
    return Reader(user.pk, str(user), user.email, user.time_zone, PromiseMail(mail))


def user_counted(document: DocumentRef) -> int | None:
    """The user who ordered it and towards whose limits it counts now, if it does. Two statements at most."""
    counted = counted_by_document([document]).get((document.kind, document.id), {})
    counting = [pk for pk, each in counted.items() if not each.is_approver]
    return Buyer.objects.filter(pk__in=counting).values_list("user_id", flat=True).first() if counting else None


def addresses_of(user_ids: Iterable[int]) -> dict[int, str]:
    """{user: e-mail address} of those who may still sign in. One statement."""
    rows = User.objects.filter(pk__in=set(user_ids), is_active=True).exclude(email="")
    return dict(rows.values_list("id", "email"))
