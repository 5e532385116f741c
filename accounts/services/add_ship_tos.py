"""Give many accounts an address at once: imports and the replay of a history."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from accounts.models import Account, ShipTo
from accounts.rules.asks import ShipToSpec
from accounts.rules.checks import ship_to_problems
from core import journal
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound
from core.refs import DocumentRef
from core.uow import door_verb


@door_verb
def add_ship_tos(specs: Mapping[int, ShipToSpec], *, actor: Actor, now: datetime) -> int:
    """A default ship-to for each account that has none; how many were added. Accounts with one keep theirs.

    A constant number of statements. Raises NotFound, InvalidInput with every bad field (pointers /12/code by account).
    """
    problems = [
        FieldError(f"/{account_id}{p.pointer}", p.code, p.message, p.remedy)
        for account_id, spec in specs.items()
        for p in ship_to_problems(spec)
    ]
    if problems:
        raise InvalidInput(problems)
    codes = dict(Account.objects.filter(pk__in=specs).values_list("pk", "code"))
    if missing := specs.keys() - codes.keys():
        raise NotFound(kind="account", ident=min(missing))
    settled = set(ShipTo.objects.filter(account__in=specs, is_default=True).values_list("account_id", flat=True))
    rows = [
        ShipTo(account_id=account_id, **asdict(specs[account_id]) | {"is_default": True})
        for account_id in sorted(specs.keys() - settled)
    ]
    ShipTo.objects.bulk_create(rows)
    entries = [
        journal.Entry(
            DocumentRef("account", row.account_id, codes[row.account_id]), "ship_to_added", f"ship-to {row} added"
        )
        for row in rows
    ]
    journal.write(entries, actor=actor, now=now)
    return len(rows)
