"""The portal's addresses."""

from django.urls import path

from portal.views import home, invoices, orders, quick_order, session

app_name = "portal"
urlpatterns = [
    path("", home.home, name="home"),
    path("quick-order/", quick_order.quick_order, name="quick-order"),
    path("quick-order/row", quick_order.row, name="quick-order-row"),
    path("quick-order/place", quick_order.place_order, name="place"),
    path("orders/", orders.order_list, name="orders"),
    path("orders/<str:number>/", orders.order, name="order"),
    path("invoices/", invoices.invoice_list, name="invoices"),
    path("act-for", session.act_for, name="act-for"),
]
