"""The review page: the checked lines with where, when and under which number they are to be ordered."""

from collections.abc import Mapping
from typing import Any

from accounts.rules.asks import ShipToSnapshot
from accounts.states import ShipComplete
from core.errors import DomainError
from portal.details import Details
from portal.quick import QuickPage
from portal.rules.plan import Delivery, deliveries
from portal.templatetags.portal import money


class ReviewPage:
    """A QuickPage (all its attributes are this page's too) with the details of the order as entered."""

    def __init__(
        self, lines: QuickPage, details: Details, *, key: str, wrong: Mapping[str, str], refusal: DomainError | None
    ) -> None:
        self.lines, self.key, self.refusal = lines, key, refusal
        self.po_required = details.account.po_number_required
        self.entered: Mapping[str, str] = details.entered
        self.wrong_details = dict(wrong)  # {field: why}
        self.ship_tos = [{"id": str(p.id), "label": _label(p)} for p in details.ship_tos]
        self.ship_to_id = details.entered["ship_to"] or (self.ship_tos[0]["id"] if self.ship_tos else "")
        self.is_complete_only = details.account.ship_complete == ShipComplete.ORDER

    @property
    def plan(self) -> list[Delivery]:
        """What would leave on which day, as things stand; in one shipment where the company takes only whole orders."""
        return deliveries([row.arrives for row in self.lines.ready], is_whole=self.is_complete_only)

    @property
    def total_words(self) -> str:
        return money(self.lines.total, self.lines.currency)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.lines, name)


def _label(place: ShipToSnapshot) -> str:
    return ", ".join(part for part in (place.name, place.city) if part)
