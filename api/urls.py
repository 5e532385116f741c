"""The API's addresses."""

from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from api.open_door import NothingHere, described
from api.v1 import (
    amendments,
    approvals,
    availability,
    commissions,
    credit,
    exceptions,
    field,
    field_counts,
    field_moves,
    me,
    orders,
    payments,
    price_requests,
    prices,
    products,
    shipments,
    stock,
    substitutes,
    tokens,
)

v1 = [
    path("tokens", tokens.Tokens.as_view(), name="tokens"),
    path("tokens/current", tokens.CurrentToken.as_view(), name="current-token"),
    path("me", me.Me.as_view(), name="me"),
    path("products", products.Products.as_view(), name="products"),
    path("approvals", approvals.Approvals.as_view(), name="approvals"),
    path("approvals/<str:public_id>/decision", approvals.ApprovalDecision.as_view(), name="approval-decision"),
    path("exceptions", exceptions.Exceptions.as_view(), name="exceptions"),
    path("exceptions/<str:number>", exceptions.ExceptionCase.as_view(), name="exception"),
    path("exceptions/<str:number>/claim", exceptions.ClaimCase.as_view(), name="exception-claim"),
    path("exceptions/<str:number>/comment", exceptions.CommentCase.as_view(), name="exception-comment"),
    path("exceptions/<str:number>/resolve", exceptions.ResolveCase.as_view(), name="exception-resolve"),
    path("credit", credit.Credit.as_view(), name="credit"),
    path("prices", prices.Prices.as_view(), name="prices"),
    path("commission-statements", commissions.CommissionStatements.as_view(), name="commission-statements"),
    path(
        "commission-statements/<str:number>", commissions.CommissionStatementOf.as_view(), name="commission-statement"
    ),
    path(
        "commission-statements/<str:number>/lines/<str:line_id>/dispute",
        commissions.CommissionLineDispute.as_view(),
        name="commission-line-dispute",
    ),
    path("payment-messages/<str:code>", payments.PaymentMessages.as_view(), name="payment-messages"),
    path("availability", availability.AvailabilityOf.as_view(), name="availability"),
    path("stock-locations", stock.StockLocations.as_view(), name="stock-locations"),
    path("stock-movements", stock.StockMovements.as_view(), name="stock-movements"),
    path("field/sites", field.FieldSites.as_view(), name="field-sites"),
    path("field/sites/<str:code>", field.FieldSitePage.as_view(), name="field-site"),
    path("field/sites/<str:code>/scan", field.FieldScan.as_view(), name="field-scan"),
    path("field/usages", field.Usages.as_view(), name="field-usages"),
    path("field/usages/<str:number>", field.UsagePage.as_view(), name="field-usage"),
    path("field/usages/<str:number>/purchase-order", field.UsagePurchaseOrder.as_view(), name="field-usage-po"),
    path("field/transfers", field_moves.Incoming.as_view(), name="field-transfers"),
    path("field/transfers/<str:number>/acknowledge", field_moves.Acknowledge.as_view(), name="field-acknowledge"),
    path("field/disputes/<str:number>/settle", field_moves.Settle.as_view(), name="field-settle"),
    path("field/offers", field_moves.Offers.as_view(), name="field-offers"),
    path("field/offers/<str:number>/<str:answer>", field_moves.OfferReply.as_view(), name="field-offer-answer"),
    path("field/counts", field_counts.Counts.as_view(), name="field-counts"),
    path("field/counts/<str:number>", field_counts.CountPage.as_view(), name="field-count"),
    path("field/counts/<str:number>/post", field_counts.CountPost.as_view(), name="field-count-post"),
    path("orders", orders.Orders.as_view(), name="orders"),
    path("orders/preview", orders.Preview.as_view(), name="order-preview"),
    path("orders/<str:public_id>", orders.Order.as_view(), name="order"),
    path("orders/<str:public_id>/amend", amendments.Amend.as_view(), name="order-amend"),
    path("orders/<str:public_id>/revisions", amendments.Revisions.as_view(), name="order-revisions"),
    path("orders/<str:public_id>/cancel", orders.Cancel.as_view(), name="order-cancel"),
    path("orders/<str:public_id>/price-requests", price_requests.PriceRequests.as_view(), name="price-requests"),
    path("orders/<str:public_id>/substitutes", substitutes.Substitutes.as_view(), name="order-substitutes"),
    path("orders/<str:public_id>/substitute", substitutes.TakeSubstitute.as_view(), name="order-substitute"),
    path("orders/<str:public_id>/timeline", orders.Timeline.as_view(), name="order-timeline"),
    path("shipments", shipments.Shipments.as_view(), name="shipments"),
    path("shipments/<str:public_id>", shipments.Shipment.as_view(), name="shipment"),
    path("shipments/<str:public_id>/pick", shipments.Pick.as_view(), name="shipment-pick"),
    path("shipments/<str:public_id>/packages", shipments.Packages.as_view(), name="shipment-packages"),
    path("shipments/<str:public_id>/ship", shipments.Ship.as_view(), name="shipment-ship"),
    path("shipments/<str:public_id>/delivery", shipments.Delivery.as_view(), name="shipment-delivery"),
]

app_name = "api"
urlpatterns = [
    *(path(f"v1/{p.pattern}", p.callback, name=p.name) for p in v1),
    path("schema/", described(SpectacularAPIView).as_view(), name="schema"),
    path("docs/", described(SpectacularSwaggerSplitView).as_view(url_name="api:schema"), name="docs"),
    re_path(r"", NothingHere.as_view()),
]
