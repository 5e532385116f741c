"""The review page: the checked lines with where, when and under which number they are to be ordered."""

from collections.abc import Mapping, Sequence
from typing import Any

from accounts.rules.asks import ShipToSnapshot
from core.errors import DomainError
from portal.quick import QuickPage
from portal.templatetags.portal import money


class ReviewPage:
    """A QuickPage (all its attributes are this page's too) with the details of the order as entered."""

    def __init__(
        self,
        lines: QuickPage,
        *,
        key: str,
        entered: Mapping[str, str],
        ship_tos: Sequence[ShipToSnapshot],
        po_required: bool,
        wrong_details: Mapping[str, str],
        refusal: DomainError | None,
    ) -> None:
        self.lines, self.key, self.refusal, self.po_required = lines, key, refusal, po_required
        self.po_number, self.requested_date = entered["po_number"], entered["requested_date"]
        self.po_wrong, self.date_wrong = wrong_details.get("po", ""), wrong_details.get("date", "")
        self.ship_to_wrong = wrong_details.get("ship_to", "")
        self.ship_tos = [{"id": str(p.id), "label": _label(p)} for p in ship_tos]
        self.ship_to_id = entered["ship_to"] or (self.ship_tos[0]["id"] if self.ship_tos else "")

    @property
    def total_words(self) -> str:
        return money(self.lines.total, self.lines.currency)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.lines, name)


def _label(place: ShipToSnapshot) -> str:
    return ", ".join(part for part in (place.name, place.city) if part)
