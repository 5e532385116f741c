"""Stock in the field, for reps: what is in my trunk, what was used, and the purchase orders that follow."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.customers import customer_of
from api.endpoint import Endpoint, actor
from api.field_sites import CAN_SEE_FIELD, CAN_USE, Goods, kind_words, number_of, site_called, sites_of
from api.fields import KnownFieldsOnly, QuantityField, QuantitySerializer
from api.paging import read_cursor, read_limit, write_cursor
from api.v1.orders import KEY_HEADER, required_key
from core import clock
from core.errors import NotFound
from core.idempotency import Claim, hash_body, run_once
from fulfillment.queries import orders_of_usages
from fulfillment.services.record_usage import UsageOutcome, add_purchase_order, outcome_of, record_usage
from inventory.field_queries import FieldSite, UsageView, field_stock, par_levels, usages
from inventory.rules.field import UsageSpec, UseLine
from inventory.scan_queries import StockScan, scan_stock
from orders.ledgers import order_numbers

MOST_LINES = 200
ONE = Decimal(1)
FIRST_YEAR, LAST_YEAR = 2000, 2199


class FieldSiteView(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.CharField(help_text="trunk or consignment.")


class SiteList(serializers.Serializer[Any]):
    items = FieldSiteView(many=True)


class StockLine(serializers.Serializer[Any]):
    sku = serializers.CharField()
    name = serializers.CharField()
    lot = serializers.CharField(help_text="Lot or serial number; empty where there is none.")
    expiry_date = serializers.DateField(allow_null=True)
    status = serializers.CharField(help_text="Only available stock is to be used.")
    on_hand = QuantitySerializer()
    free = QuantitySerializer(help_text="Not claimed by anything.")


class ParView(serializers.Serializer[Any]):
    sku = serializers.CharField()
    name = serializers.CharField()
    par = QuantitySerializer()
    there = QuantitySerializer(help_text="Good and free.")
    coming = QuantitySerializer(help_text="On its way here.")
    asked = QuantitySerializer(help_text="Asked for, not sent yet.")


class SiteDetail(FieldSiteView):
    stock = StockLine(many=True)
    par_levels = ParView(many=True)


class FieldSites(Endpoint):
    """Your trunks, and what is consigned at your customers."""

    access = CAN_SEE_FIELD

    @extend_schema(operation_id="field_sites", responses=SiteList, tags=["field"])
    def get(self, request: Request) -> Response:
        return Response({"items": [_site(s) for s in sites_of(request).values()]})


class FieldSitePage(Endpoint):
    """What is there by lot, what is to be there, and what is coming."""

    access = CAN_SEE_FIELD

    @extend_schema(operation_id="field_site", responses=SiteDetail, tags=["field"])
    def get(self, request: Request, code: str) -> Response:
        site = site_called(request, code)
        stock, levels = field_stock([site.id]), par_levels([site.id]).get(site.id, [])
        goods = Goods({x.product_id for x in stock} | {x.product_id for x in levels})
        lines = [
            {
                **goods.head(x.product_id),
                "lot": x.lot,
                "expiry_date": x.expiry_date,
                "status": x.status,
                "on_hand": goods.qty(x.product_id, x.on_hand),
                "free": goods.qty(x.product_id, x.free),
            }
            for x in stock
        ]
        pars = [
            {
                **goods.head(x.product_id),
                **{name: goods.qty(x.product_id, getattr(x, name)) for name in ("par", "there", "coming", "asked")},
            }
            for x in levels
        ]
        return Response({**_site(site), "stock": lines, "par_levels": pars})


class ScanRequest(KnownFieldsOnly):
    codes = serializers.ListField(child=serializers.CharField(max_length=200), min_length=1, max_length=MOST_LINES)


class ScanView(serializers.Serializer[Any]):
    code = serializers.CharField()
    sku = serializers.CharField(help_text="Empty where the code names nothing of ours.")
    lot = serializers.CharField()
    serial = serializers.CharField()
    here = QuantitySerializer(allow_null=True, help_text="Of that lot or unit at this site; null where none is named.")
    problem = serializers.CharField(help_text="Empty: it can be used.")
    remedy = serializers.CharField()


class ScanList(serializers.Serializer[Any]):
    items = ScanView(many=True)


class FieldScan(Endpoint):
    """What scanned codes are, and whether they lie here. Writes nothing."""

    access = CAN_SEE_FIELD
    writes_nothing = True

    @extend_schema(operation_id="field_scan", request=ScanRequest, responses=ScanList, tags=["field"])
    def post(self, request: Request, code: str) -> Response:
        site = site_called(request, code)
        asked = ScanRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        found = scan_stock(asked.validated_data["codes"])
        goods = Goods({s.product_id for s in found if s.product_id is not None})
        return Response({"items": [_scan(s, site, goods) for s in found]})


class UseLineRequest(KnownFieldsOnly):
    code = serializers.CharField(max_length=200, help_text="Barcode, UDI (GS1) or SKU, as scanned.")
    quantity = QuantityField(required=False, help_text='A string: "1" (the default).')
    uom = serializers.CharField(max_length=10, required=False, default="", help_text="Empty: what the barcode is of.")
    lot = serializers.CharField(max_length=40, required=False, default="", help_text="Where the code does not say it.")
    serial = serializers.CharField(max_length=40, required=False, default="")


class UsageRequest(KnownFieldsOnly):
    site = serializers.CharField(max_length=20, help_text="Code of the trunk or consignment.")
    account = serializers.CharField(
        max_length=60, required=False, default="", help_text="For whom; a consignment's own customer when empty."
    )
    used_at = serializers.DateTimeField(help_text="By the device's clock; it may be sent days later.")
    case_reference = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    po_number = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    po_to_follow = serializers.BooleanField(required=False, default=False)
    note = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    lines = serializers.ListField(child=UseLineRequest(), min_length=1, max_length=MOST_LINES)

    def validate_used_at(self, value: Any) -> Any:
        if not FIRST_YEAR <= value.year <= LAST_YEAR:
            raise serializers.ValidationError(f"{value.year} is no year to have used something in.")
        return value


class UsageAnswer(serializers.Serializer[Any]):
    number = serializers.CharField()
    status = serializers.CharField(help_text="billed, or recorded: kept, and billed when `problems` are mended.")
    waits_for_po = serializers.BooleanField()
    order = serializers.CharField(help_text="Empty while it is not billed.")
    holds = serializers.ListField(child=serializers.CharField(), help_text="What keeps the invoice back.")
    problems = serializers.ListField(child=serializers.CharField())


class UsageLineView(UsageAnswer):
    site = serializers.CharField()
    account = serializers.CharField()
    used_at = serializers.DateTimeField()
    case_reference = serializers.CharField()
    po_number = serializers.CharField()


class UsageList(serializers.Serializer[Any]):
    items = UsageLineView(many=True)
    next = serializers.CharField(allow_null=True, help_text="Send it back as `cursor`.")


class Usages(Endpoint):
    """What was used from your sites, the newest first; or a usage, which lowers the stock at once and is never lost:
    where no order can be made of it, it is kept and said so. Refused only where the scan cannot be so."""

    access = CAN_USE
    known_parameters = ("limit", "cursor", "waiting")

    @extend_schema(
        operation_id="field_usages",
        parameters=[
            OpenApiParameter("limit", int, description="1 to 200."),
            OpenApiParameter("cursor", str),
            OpenApiParameter("waiting", str, enum=["yes"], description="Only those that wait for a PO or an order."),
        ],
        responses=UsageList,
        tags=["field"],
    )
    def get(self, request: Request) -> Response:
        given, limit = request.query_params, read_limit(request.query_params)
        found = usages(
            site_ids=list(sites_of(request)), is_waiting=bool(given.get("waiting")), before_id=read_cursor(given),
            limit=limit + 1,
        )  # fmt: skip
        following = write_cursor(found[limit - 1].id) if len(found) > limit else None
        orders = orders_of_usages([u.id for u in found])
        numbers = order_numbers(orders.values())
        items = [{**_listed(u), "order": numbers.get(orders.get(u.id, 0), "")} for u in found[:limit]]
        return Response({"items": items, "next": following})

    @extend_schema(
        operation_id="field_usage_create",
        parameters=[KEY_HEADER],
        request=UsageRequest,
        responses={201: UsageAnswer},
        tags=["field"],
    )
    def post(self, request: Request) -> Response:
        key = required_key(request)
        asked = UsageRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        site = site_called(request, values["site"])
        account_id = customer_of(request, values["account"]).id if values["account"] else site.account_id
        who = actor(request)
        if account_id is not None:
            who = who.acting_for(account_id)
        spec = UsageSpec(
            site.id, account_id, values["used_at"], tuple(_use_line(x) for x in values["lines"]),
            values["case_reference"], values["po_number"], values["po_to_follow"], values["note"],
        )  # fmt: skip
        owner = f"user:{request.user.pk}"
        claim = Claim("api.field.usages", owner=owner, key=key, body_hash=hash_body(request.data))
        once = run_once(claim, record_usage, spec, key=f"{owner} {key}", actor=who, now=clock.now())
        response = Response(_answer(once.result), status=201)
        if once.replayed:
            response["Idempotency-Replayed"] = "true"
        return response


class UsagePage(Endpoint):
    """One usage with its lines, order and what it waits for."""

    access = CAN_USE

    @extend_schema(operation_id="field_usage", responses=UsageLineView, tags=["field"])
    def get(self, request: Request, number: str) -> Response:
        usage = _seen(request, number)
        return Response({**_listed(usage), **_answer(outcome_of(usage.id))})


class PurchaseOrderRequest(KnownFieldsOnly):
    po_number = serializers.CharField(max_length=60)


class UsagePurchaseOrder(Endpoint):
    """The purchase order that was to follow: its hold goes, and the invoice leaves."""

    access = CAN_USE

    @extend_schema(
        operation_id="field_usage_purchase_order", request=PurchaseOrderRequest, responses=UsageAnswer, tags=["field"]
    )
    def post(self, request: Request, number: str) -> Response:
        usage = _seen(request, number)
        asked = PurchaseOrderRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        who, po_number = actor(request).acting_for(usage.account_id), asked.validated_data["po_number"]
        done = add_purchase_order(usage_id=usage.id, po_number=po_number, actor=who, now=clock.now())
        return Response(_answer(done))


def _site(site: FieldSite) -> dict[str, Any]:
    return {"code": site.code, "name": site.name, "kind": kind_words(site)}


def _scan(found: StockScan, site: FieldSite, goods: Goods) -> dict[str, Any]:
    here = sum(h.on_hand for h in found.holdings if h.site == site.code and h.status == "available")
    is_named = found.lot_id is not None and found.product_id is not None
    problem, remedy = found.problem, found.remedy
    if found.is_recalled:
        problem, remedy = f"{found.serial or found.lot} is recalled.", "Set it aside and send it back."
    elif is_named and not here:
        problem, remedy = f"It is not at {site.code}.", "Acknowledge or accept the transfer that brought it."
    return {
        "code": found.code,
        "sku": found.sku,
        "lot": found.lot,
        "serial": found.serial,
        "here": goods.qty(found.product_id, here) if is_named and found.product_id is not None else None,
        "problem": problem,
        "remedy": remedy,
    }


def _use_line(values: dict[str, Any]) -> UseLine:
    return UseLine(values["code"], values.get("quantity", ONE), values["uom"], values["lot"], values["serial"])


def _answer(outcome: UsageOutcome) -> dict[str, Any]:
    return {
        "number": outcome.number,
        "status": str(outcome.status),
        "waits_for_po": outcome.is_po_awaited,
        "order": outcome.order_number,
        "holds": list(outcome.holds),
        "problems": list(outcome.problems),
    }


def _listed(usage: UsageView) -> dict[str, Any]:
    return {
        "number": usage.number,
        "status": usage.status,
        "waits_for_po": usage.is_po_awaited and not usage.po_number,
        "order": "",
        "holds": [],
        "problems": [usage.problem] if usage.problem else [],
        "site": usage.site,
        "account": usage.account,
        "used_at": usage.used_at.isoformat(),
        "case_reference": usage.case_reference,
        "po_number": usage.po_number,
    }


def _seen(request: Request, number: str) -> UsageView:
    named = number_of(number)
    found = usages(site_ids=list(sites_of(request)), number=named, limit=1) if named else []
    if not found:
        raise NotFound(kind="usage", ident=number[:40])
    return found[0]
