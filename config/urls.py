"""Every address of the site, by the room that answers it."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from config import health, metrics

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("admin/", admin.site.urls),
    # Not /accounts/: that word means the customer's accounts here.
    path("sign-in/", include("allauth.urls")),
]
if find_spec("api.urls"):
    urlpatterns.append(path("api/", include("api.urls")))
if find_spec("portal.urls"):
    urlpatterns.append(path("", include("portal.urls")))
