"""Where to, when and under which number: the details of an order as entered, and what is wrong with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from accounts.queries import ship_tos_of
from accounts.rules.asks import AccountSnapshot, ShipToSnapshot

NAMES = ("ship_to", "po_number", "requested_date", "not_later_than")
FIELDS = ("ship_to_id", "po_number", "requested_date", "cancel_after_date")  # of OrderDraft, in the same order
LONGEST_PO = 60


@dataclass(frozen=True)
class Details:
    """`entered` is what the form shows again, word for word."""

    entered: Mapping[str, str]
    account: AccountSnapshot
    ship_tos: tuple[ShipToSnapshot, ...]

    @property
    def fields(self) -> dict[str, Any]:
        """As fields of OrderDraft; those that are not usable are left out."""
        places = self.ship_tos
        chosen = next((p.id for p in places if str(p.id) == self.entered["ship_to"]), places[0].id if places else None)
        return {
            "ship_to_id": chosen,
            "po_number": self.entered["po_number"][:LONGEST_PO],
            "requested_date": _day(self.entered["requested_date"]),
            "cancel_after_date": _day(self.entered["not_later_than"]),
        }

    @cached_property
    def wrong(self) -> dict[str, str]:
        """{field: one sentence}, empty when all can be used."""
        entered, wrong = self.entered, {}
        if entered["ship_to"] and entered["ship_to"] not in {str(p.id) for p in self.ship_tos}:
            wrong["ship_to"] = _("This address is no longer one of yours. Choose where to ship to.")
        if self.account.po_number_required and not entered["po_number"]:
            wrong["po_number"] = _("Enter your purchase order number: your company asks for one on every order.")
        if len(entered["po_number"]) > LONGEST_PO:
            wrong["po_number"] = _("This number has %(n)s characters; at most %(most)s are kept. Shorten it.") % {
                "n": len(entered["po_number"]),
                "most": LONGEST_PO,
            }
        for name in ("requested_date", "not_later_than"):
            if entered[name] and _day(entered[name]) is None:
                wrong[name] = _("This is not a date. Write it as 2026-12-31.")
        wanted, last = _day(entered["requested_date"]), _day(entered["not_later_than"])
        if wanted and last and last < wanted:
            wrong["not_later_than"] = _("This is before the day you want it on. Choose the same day or a later one.")
        return wrong


def read_details(form: Mapping[str, str], account: AccountSnapshot, kept: Mapping[str, str] | None = None) -> Details:
    """What the form says; a form without these fields takes what the draft `kept`. 1 statement."""
    said = form if "po_number" in form else (kept or {})
    return Details({name: said.get(name, "").strip() for name in NAMES}, account, tuple(ship_tos_of(account.id)))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
