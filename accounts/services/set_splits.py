"""Set who sells to an account, and with what shares, from a day on: the whole table at once."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db.models import Q

from accounts.models import Account, Rep, RepAssignment
from accounts.rules.splits import SplitSpec, Stretch, is_whole, revenue_total, split_problems
from core import journal
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound, Refused
from core.refs import DocumentRef
from core.uow import door_verb


class SplitsDoNotTotal100(Refused):
    status = 422
    template = "Revenue shares total 100 on every day; here they are {days}."
    remedy_template = "Give or take {missing}. Extra credit that does not count is an overlay."


class SplitsChangedMeanwhile(Refused):
    template = "Somebody else set this account's splits at the same moment."
    remedy_template = "Look at them again, then set yours."


@door_verb(
    refuse_on={
        "revenue_splits_total_100": SplitsChangedMeanwhile,
        "one_assignment_of_a_kind_per_rep_at_a_time": SplitsChangedMeanwhile,
    }
)
def set_splits(
    *, account_id: int, from_date: date, splits: Sequence[SplitSpec], actor: Actor, now: datetime, reason: str = ""
) -> None:
    """What holds on `from_date` ends then, what would have started later is dropped, and `splits` hold from then on;
    none at all: nobody sells to the account. Orders keep the shares they were placed with.

    Raises NotFound, InvalidInput (/splits/1/percent), SplitsDoNotTotal100, SplitsChangedMeanwhile.
    """
    account = Account.objects.filter(pk=account_id).first()
    if account is None:
        raise NotFound(kind="account", ident=account_id)
    codes = dict(Rep.objects.filter(pk__in={split.rep_id for split in splits}).values_list("pk", "code"))
    if problems := [*split_problems(splits), *_unknown(splits, codes)]:
        raise InvalidInput(problems)
    if not is_whole(splits):
        total = revenue_total(splits)
        raise SplitsDoNotTotal100(days=str(Stretch(from_date, None, total)), missing=str(abs(100 - total)))
    rows = RepAssignment.objects.filter(account=account_id)
    rows.filter(valid_from__gte=from_date).delete()
    # Not what a twin has begun on the same day since: both stand then, and the sum of them is refused.
    earlier = rows.filter(valid_from__lt=from_date)
    earlier.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=from_date)).update(valid_to=from_date)
    RepAssignment.objects.bulk_create(
        RepAssignment(
            account_id=account_id,
            rep_id=split.rep_id,
            kind=split.kind,
            split_percent=split.percent,
            valid_from=from_date,
        )
        for split in splits
    )
    shares = ", ".join(f"{codes[split.rep_id]} {split.percent} {split.kind}" for split in splits) or "nobody"
    told = f"from {from_date} sold to by {shares}" + (f" ({reason})" if reason else "")
    entry = journal.Entry(DocumentRef("account", account_id, account.code), "splits_set", told)
    journal.write([entry], actor=actor, now=now)


def _unknown(splits: Sequence[SplitSpec], codes: dict[int, str]) -> list[FieldError]:
    return [
        FieldError(f"/splits/{row}/rep", "unknown", f"No rep {split.rep_id}.")
        for row, split in enumerate(splits)
        if split.rep_id not in codes
    ]
