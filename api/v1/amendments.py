"""Amending an order that is placed: what it would do, doing it, and what was amended so far."""

from collections.abc import Mapping, Sequence
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.queries import ship_tos_of
from accounts.states import STAFF, ShipComplete
from api.customers import require_may_order
from api.drafting import API_NAMES
from api.endpoint import CAN_LOOK, CAN_ORDER, Endpoint
from api.fields import KnownFieldsOnly, MoneySerializer, NumberOrNothing, money, unit_price
from api.order_views import CreditViewed, OrderView, ProblemView, credit_fields, order_view, problem_view
from api.v1.orders import KEY_HEADER, required_key, roles_of, seen_order, who_acts
from catalog.queries import resolve_parts, suggest_skus
from catalog.rules.asks import PartQuery
from core import clock
from core.errors import FieldError, InvalidInput
from core.idempotency import Claim, StoredRefusal, hash_body, run_once
from core.quantity import plain
from orders.filters import OrderSummary, order_summaries
from orders.revision_queries import RevisionView, revisions_of
from orders.rules.wishes import Change, LineWish, Wish
from orders.services.amend import Amended, amend
from orders.services.preview_amendment import AmendmentPreview, preview_amendment

MOST_LINES = 2000
VALUES = ("po_number", "requested_date", "cancel_after_date", "note", "ship_complete")
CLEARED = ("requested_date", "cancel_after_date", "note", "ship_complete")  # null or "" takes the value away


class AmendLineRequest(KnownFieldsOnly):
    line_no = serializers.IntegerField(min_value=1, required=False, help_text="Without it a new line is added.")
    sku = serializers.CharField(max_length=80, required=False, help_text="Of a new line.")
    quantity = NumberOrNothing(required=False, help_text='All that is to stand of the line: "6"; "0" takes it out.')
    uom = serializers.CharField(max_length=10, required=False, default="", help_text="Empty: the base unit.")
    requested_date = serializers.DateField(required=False)
    ship_to = serializers.CharField(max_length=40, required=False, help_text="Code of a ship-to.")
    external_ref = serializers.CharField(max_length=80, required=False, default="")


class AmendRequest(KnownFieldsOnly):
    version = serializers.IntegerField(min_value=1, help_text="`version` of the order you read.")
    reason = serializers.CharField(
        max_length=300,
        required=False,
        default="",
        help_text="Why, in 3 to 300 characters; the customer reads it. Needed unless `dry_run`.",
    )
    dry_run = serializers.BooleanField(required=False, default=False, help_text="Only say what it would do.")
    po_number = serializers.CharField(max_length=60, required=False)
    ship_to = serializers.CharField(max_length=40, required=False)
    requested_date = serializers.DateField(required=False, allow_null=True)
    cancel_after_date = serializers.DateField(required=False, allow_null=True)
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    ship_complete = serializers.ChoiceField(
        choices=[str(s) for s in ShipComplete], required=False, allow_blank=True, help_text="Empty: as the account."
    )
    lines = serializers.ListField(child=AmendLineRequest(), max_length=MOST_LINES, required=False, default=list)


class ChangeView(serializers.Serializer[Any]):
    what = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()


class AmendedLineView(serializers.Serializer[Any]):
    line_no = serializers.IntegerField()
    sku = serializers.CharField()
    before = serializers.CharField(allow_null=True, help_text="null: not ordered.")
    after = serializers.CharField()
    unit_price = MoneySerializer(allow_null=True)
    amount = MoneySerializer()
    is_repriced = serializers.BooleanField()
    promise = serializers.CharField(help_text="How what is new or moves of it would come, from where, in words.")
    promised_now = serializers.CharField(help_text="How it is promised now, where that moves; else empty.")


class AmendmentView(serializers.Serializer[Any]):
    revision = serializers.IntegerField(allow_null=True, help_text="null: nothing was written.")
    changes = ChangeView(many=True)
    notes = serializers.ListField(child=serializers.CharField())
    money_effect = MoneySerializer()
    total = MoneySerializer(help_text="Of the goods, as amended.")
    can_amend = serializers.BooleanField()
    would_hold = serializers.ListField(child=serializers.CharField())
    lines = AmendedLineView(many=True)
    credit = CreditViewed(allow_null=True)
    problems = ProblemView(many=True)
    order = OrderView(allow_null=True, help_text="The order as it is now; null in a dry run.")


class RevisionViewed(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    at = serializers.DateTimeField()
    by = serializers.CharField()
    reason = serializers.CharField()
    changes = ChangeView(many=True)
    money_effect = MoneySerializer()


class RevisionList(serializers.Serializer[Any]):
    items = RevisionViewed(many=True)


class Amend(Endpoint):
    """Change an order that is placed: quantities, lines, dates, address, PO number. `dry_run` says what it would do."""

    access = CAN_ORDER

    @extend_schema(
        operation_id="order_amend", parameters=[KEY_HEADER], request=AmendRequest, responses=AmendmentView,
        tags=["orders"],
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        asked = AmendRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        head = seen_order(request, public_id)
        require_may_order(request, head.account_id)
        wish = _wish(given, head.account_id)
        if given["dry_run"]:
            who = who_acts(request, head.account_id)
            said = given["reason"] if "reason" in request.data else None  # nobody says why they ask what it would do
            seen = preview_amendment(order_id=head.order_id, wish=wish, actor=who, now=clock.now(), reason=said)
            return Response(_previewed(seen, sees_all=_sees_all(request)))
        body = hash_body({"order": head.order_id, "body": request.data})
        claim = Claim("api.orders.amend", owner=f"user:{request.user.pk}", key=required_key(request), body_hash=body)
        try:
            once = run_once(
                claim, amend, order_id=head.order_id, wish=wish, expected_version=given["version"],
                reason=given["reason"], actor=who_acts(request, head.account_id), now=clock.now(),
            )  # fmt: skip
        except InvalidInput as wrong:
            raise InvalidInput([_renamed(e) for e in wrong.errors]) from wrong
        except StoredRefusal as again:
            again.errors = tuple(_renamed(e) for e in again.errors)
            raise
        (after,) = order_summaries([head.order_id])
        response = Response(_amended(once.result, after, request))
        if once.replayed:
            response["Idempotency-Replayed"] = "true"
        return response


class Revisions(Endpoint):
    """What was amended of the order, newest first: who, when, why, and by how much the goods are more or less."""

    access = CAN_LOOK

    @extend_schema(operation_id="order_revisions", responses=RevisionList, tags=["orders"])
    def get(self, request: Request, public_id: str) -> Response:
        head = seen_order(request, public_id)
        return Response({"items": [_revision(r, sees_all=_sees_all(request)) for r in revisions_of(head.order_id)]})


def _sees_all(request: Request) -> bool:
    return not STAFF.isdisjoint(roles_of(request))


def _wish(given: Mapping[str, Any], account_id: int) -> Wish:
    """The wish with its codes resolved. Raises InvalidInput with every code that names nothing of the customer's."""
    lines: Sequence[Mapping[str, Any]] = given["lines"]
    named = {n: x["sku"] for n, x in enumerate(lines) if x.get("sku")}
    parts = resolve_parts([PartQuery(str(n), account_id, code) for n, code in named.items()]) if named else {}
    places = [given.get("ship_to"), *(x.get("ship_to") for x in lines)]
    known = {p.code.casefold(): p.id for p in ship_tos_of(account_id)} if any(places) else {}
    pointers = ["/ship_to", *(f"/lines/{n}/ship_to" for n in range(len(lines)))]
    errors = [_no_product(n, code) for n, code in named.items() if str(n) not in parts]
    errors += [
        FieldError(at, "unknown_ship_to", f"The customer has no ship-to {code!r}.", "Send the code of one of theirs.")
        for at, code in zip(pointers, places, strict=True)
        if code and code.strip().casefold() not in known
    ]
    if errors:
        raise InvalidInput(errors)
    ids = [known[code.strip().casefold()] if code else None for code in places]
    values = {name: given[name] for name in VALUES if given.get(name)}
    return Wish(
        tuple(_line(x, parts.get(str(n)), ids[n + 1]) for n, x in enumerate(lines)),
        ship_to_id=ids[0],
        cleared=frozenset(name for name in CLEARED if name in given and not given[name]),
        **values,
    )


def _line(x: Mapping[str, Any], part: Any, ship_to_id: int | None) -> LineWish:
    return LineWish(
        x.get("line_no"), x.get("quantity"), x["uom"] or (part.unit if part else ""), part.product_id if part else None,
        x.get("requested_date"), ship_to_id, x.get("sku", ""), x["external_ref"],
    )  # fmt: skip


def _no_product(n: int, code: str) -> FieldError:
    like = ", ".join(sku for sku, _ in suggest_skus(code, limit=3))
    remedy = f"Did you mean {like}?" if like else "GET /api/v1/products?q= finds it."
    return FieldError(f"/lines/{n}/sku", "unknown_product", f"No product has the number {code!r}.", remedy)


def _renamed(error: FieldError) -> FieldError:
    parts = error.pointer.split("/")
    parts[-1] = API_NAMES.get(parts[-1], parts[-1])
    return FieldError("/".join(parts), error.code, error.message, error.remedy)


def _changes(changes: Sequence[Change]) -> list[dict[str, str]]:
    return [{"what": c.label, "before": c.before, "after": c.after} for c in changes]


def _previewed(seen: AmendmentPreview, *, sees_all: bool) -> dict[str, Any]:
    currency = seen.currency
    return {
        "revision": None,
        "changes": _changes(seen.changes),
        "notes": list(seen.notes),
        "money_effect": money(seen.money_effect, currency),
        "total": money(seen.after_total, currency),
        "can_amend": seen.can_amend,
        "would_hold": [h.message if sees_all else str(h.gate) for h in seen.holds],
        "lines": [
            {
                "line_no": x.line_no,
                "sku": x.sku,
                "before": None if x.before is None else plain(x.before),
                "after": plain(x.after),
                "unit_price": unit_price(x.unit_price, currency),
                "amount": money(x.amount, currency),
                "is_repriced": x.is_repriced,
                "promise": x.promise,
                "promised_now": x.promised_now,
            }
            for x in seen.lines
        ],
        "credit": credit_fields(seen.credit),
        "problems": [problem_view(_renamed(p)) for p in seen.problems],
        "order": None,
    }


def _amended(done: Amended, head: OrderSummary, request: Request) -> dict[str, Any]:
    return {
        "revision": done.revision,
        "changes": _changes(done.changes),
        "notes": list(done.notes),
        "money_effect": money(done.money_effect, done.currency),
        "total": money(done.total, done.currency),
        "can_amend": True,
        "would_hold": [],
        "lines": [],
        "credit": None,
        "problems": [],
        "order": order_view(head, roles_of(request), may_act=True),
    }


def _revision(view: RevisionView, *, sees_all: bool) -> dict[str, Any]:
    return {
        "number": view.number,
        "at": view.at.isoformat(),
        "by": view.by if sees_all else view.by_outside,
        "reason": view.reason,
        "changes": _changes(view.changes),
        "money_effect": money(view.money_effect, view.currency),
    }
