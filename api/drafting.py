"""An order as the API takes it, turned into what the orders room takes: codes resolved, all that is wrong said at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rest_framework import serializers

from accounts.queries import ship_tos_of
from accounts.rules.asks import AccountSnapshot
from api.fields import KnownFieldsOnly, QuantityField
from catalog.queries import product_snapshots, resolve_parts, suggest_skus
from catalog.rules.asks import PartQuery, ProductSnapshot
from core.actors import Actor
from core.errors import FieldError, InvalidInput
from orders.rules.asks import LineDraft, OrderDraft
from orders.states import Channel

MOST_LINES = 2000
MOST_SUGGESTED = 5  # each asks the catalog once

# What the orders room calls a value, and what this API calls it.
API_NAMES = {"qty": "quantity", "unit": "uom", "product_id": "sku", "ship_to_id": "ship_to", "account_id": "account"}


class LineRequest(KnownFieldsOnly):
    sku = serializers.CharField(max_length=80, help_text="SKU, GTIN, maker's or the customer's own part number.")
    quantity = QuantityField(help_text='A string: "12".')
    uom = serializers.CharField(max_length=10, required=False, default="", help_text="Empty: the base unit.")
    requested_date = serializers.DateField(required=False, allow_null=True, default=None)
    external_ref = serializers.CharField(max_length=80, required=False, default="")


class OrderRequest(KnownFieldsOnly):
    account = serializers.CharField(max_length=60, required=False, default="", help_text="Customer code or id.")
    po_number = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    release_number = serializers.CharField(max_length=30, required=False, default="", allow_blank=True)
    ship_to = serializers.CharField(max_length=40, required=False, default="", help_text="Code of a ship-to.")
    requested_date = serializers.DateField(required=False, allow_null=True, default=None)
    cancel_after_date = serializers.DateField(required=False, allow_null=True, default=None)
    note = serializers.CharField(max_length=2000, required=False, default="", allow_blank=True)
    external_id = serializers.CharField(max_length=80, required=False, default="")
    lines = serializers.ListField(child=LineRequest(), min_length=1, max_length=MOST_LINES)


@dataclass(frozen=True)
class Drafted:
    """The draft with the products of its lines; `unknown` says of each code that names no product where it stands."""

    draft: OrderDraft
    products: Mapping[int, ProductSnapshot]
    unknown: tuple[FieldError, ...]


def read_order(body: Any) -> dict[str, Any]:
    """The validated body. Raises the serializer's ValidationError with all its faults."""
    asked = OrderRequest(data=body)
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


def draft_of(asked: Mapping[str, Any], customer: AccountSnapshot, actor: Actor) -> Drafted:
    """`asked` as an OrderDraft of its resolvable lines; line numbers count from 1 as sent."""
    lines: Sequence[Mapping[str, Any]] = asked["lines"]
    matches = resolve_parts([PartQuery(str(n), customer.id, x["sku"]) for n, x in enumerate(lines)])
    products = product_snapshots({m.product_id for m in matches.values()})
    unknown = _unknown([(n, x["sku"]) for n, x in enumerate(lines) if str(n) not in matches])
    drafts = tuple(
        LineDraft(
            line_no=n + 1,
            qty=x["quantity"],
            unit=x["uom"] or matches[str(n)].unit,
            product_id=matches[str(n)].product_id,
            stated_code=x["sku"],
            requested_date=x["requested_date"],
            external_ref=x["external_ref"],
        )
        for n, x in enumerate(lines)
        if str(n) in matches
    )
    details = {k: asked[k] for k in ("po_number", "release_number", "requested_date", "cancel_after_date", "note")}
    draft = OrderDraft(
        account_id=customer.id,
        channel=Channel.API,
        currency=customer.currency,
        lines=drafts,
        ship_to_id=_ship_to(customer.id, asked["ship_to"]),
        external_id=asked["external_id"],
        on_behalf_of=actor.on_behalf_of,
        **details,
    )
    return Drafted(draft, products, unknown)


def in_api_names(refusal: InvalidInput, draft: OrderDraft) -> InvalidInput:
    """The same refusal pointing at this API's fields, at the lines as they were sent."""
    return InvalidInput([renamed(e, draft) for e in refusal.errors])


def renamed(error: FieldError, draft: OrderDraft) -> FieldError:
    parts = error.pointer.split("/")
    parts[-1] = API_NAMES.get(parts[-1], parts[-1])
    if len(parts) > 2 and parts[1] == "lines" and parts[2].isdecimal() and int(parts[2]) < len(draft.lines):
        parts[2] = str(draft.lines[int(parts[2])].line_no - 1)
    return FieldError("/".join(parts), error.code, error.message, error.remedy)


def _unknown(codes: Sequence[tuple[int, str]]) -> tuple[FieldError, ...]:
    found = []
    for place, (n, code) in enumerate(codes):
        like = suggest_skus(code, limit=3) if place < MOST_SUGGESTED else []
        remedy = f"Did you mean {', '.join(sku for sku, _ in like)}?" if like else "GET /api/v1/products?q= finds it."
        found.append(FieldError(f"/lines/{n}/sku", "unknown_product", f"No product has the number {code!r}.", remedy))
    return tuple(found)


def _ship_to(account_id: int, code: str) -> int | None:
    """The ship-to of that code, or the customer's default. Raises InvalidInput where the code is not theirs."""
    places = ship_tos_of(account_id)
    if not code:
        return places[0].id if places else None
    for place in places:
        if place.code.casefold() == code.strip().casefold():
            return place.id
    known = ", ".join(p.code for p in places[:10]) or "none"
    message = f"The customer has no ship-to {code!r}."
    raise InvalidInput([FieldError("/ship_to", "unknown_ship_to", message, f"Known: {known}.")])
