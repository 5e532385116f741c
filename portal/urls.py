"""The portal's addresses."""

from django.urls import path

from portal.views import (
    amending,
    approvals,
    consigned,
    home,
    invoices,
    options,
    orders,
    paying,
    placing,
    pricing,
    quick_order,
    session,
    shipments,
    substitutes,
    wishing,
)

app_name = "portal"
urlpatterns = [
    path("", home.home, name="home"),
    path("quick-order/", quick_order.quick_order, name="quick-order"),
    path("quick-order/row", quick_order.row, name="quick-order-row"),
    path("quick-order/place", placing.place_order, name="place"),
    path("orders/", orders.order_list, name="orders"),
    path("orders.csv", orders.orders_csv, name="orders-csv"),
    path("orders/<str:number>/", orders.order, name="order"),
    path("orders/<str:number>/change", amending.change, name="amend"),
    path("orders/<str:number>/cancel", orders.cancel, name="cancel"),
    path("orders/<str:number>/price", pricing.ask, name="ask-price"),
    path("orders/<str:number>/ask", wishing.wish, name="ask"),
    path("orders/<str:number>/return", orders.ask_back, name="return"),
    path("orders/<str:number>/substitutes", substitutes.substitutes, name="substitutes"),
    path("orders/<str:number>/options", options.options, name="options"),
    path("notices/", options.notices, name="notices"),
    path("orders/<str:number>/discard", orders.discard, name="discard"),
    path("approvals/", approvals.approval_list, name="approvals"),
    path("approvals/<str:public_id>/decide", approvals.decide, name="approval-decide"),
    path("consigned/", consigned.consigned, name="consigned"),
    path("shipments/<str:number>/slip", shipments.packing_slip, name="packing-slip"),
    path("shipments/<str:number>/proof", shipments.proof, name="delivery-proof"),
    path("invoices/", invoices.invoice_list, name="invoices"),
    path("invoices/<str:number>/pdf", invoices.pdf, name="invoice-pdf"),
    path("invoices/<str:number>/dispute", invoices.dispute, name="invoice-dispute"),
    path("pay/", paying.pay, name="pay"),
    path("pay/<str:public_id>/", paying.payment, name="payment"),
    path("statement/", invoices.account_statement, name="statement"),
    path("choose", session.choose, name="choose"),
    path("act-for", session.act_for, name="act-for"),
]
