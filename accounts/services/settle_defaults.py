"""Give accounts whose addresses came from a file the default that an account with addresses always has."""

from collections.abc import Collection
from datetime import datetime

from django.db.models.functions import Upper

from accounts.models import ShipTo
from core import journal
from core.actors import Actor
from core.refs import DocumentRef
from core.uow import require_uow


@require_uow
def settle_defaults(*, account_codes: Collection[str], actor: Actor, now: datetime) -> int:
    """The first address in use of each account that has none as its default becomes it; how many did. 3 SQL."""
    named = ShipTo.objects.annotate(owner=Upper("account__code")).filter(owner__in={c.upper() for c in account_codes})
    in_use = named.filter(is_active=True)
    settled = named.filter(is_default=True).values("account_id")
    lost = in_use.exclude(account_id__in=settled).order_by("account_id", "id").distinct("account_id")
    places = list(lost.select_related("account"))
    ShipTo.objects.filter(pk__in=[p.pk for p in places]).update(is_default=True)
    entries = [
        journal.Entry(
            DocumentRef("account", p.account_id, p.account.code),
            "default_ship_to_changed",
            f"default ship-to is {p} now, as there was none",
        )
        for p in places
    ]
    journal.write(entries, actor=actor, now=now)
    return len(places)
