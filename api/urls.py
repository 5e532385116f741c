"""The API's addresses."""

from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from api.open_door import NothingHere, described
from api.v1 import me, products, tokens

v1 = [
    path("tokens", tokens.Tokens.as_view(), name="tokens"),
    path("tokens/current", tokens.CurrentToken.as_view(), name="current-token"),
    path("me", me.Me.as_view(), name="me"),
    path("products", products.Products.as_view(), name="products"),
]

app_name = "api"
urlpatterns = [
    *(path(f"v1/{p.pattern}", p.callback, name=p.name) for p in v1),
    path("schema/", described(SpectacularAPIView).as_view(), name="schema"),
    path("docs/", described(SpectacularSwaggerView).as_view(url_name="api:schema"), name="docs"),
    re_path(r"", NothingHere.as_view()),
]
