"""Every address of the site, by the room that answers it."""

from importlib.util import find_spec

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.templatetags.static import static
from django.urls import URLPattern, URLResolver, include, path
from django.utils.functional import lazy
from django.views.generic import RedirectView

from config import health, metrics, signin

# One door for everybody: staff too come in by the pages that know lockout and the second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    # Browsers ask for it beside documents that name none.
    path("favicon.ico", RedirectView.as_view(url=lazy(static, str)("img/favicon.svg"))),
    path("admin/", admin.site.urls),
    path("sign-in/email/", signin.kept_by_operators),  # before the library's page of that address
    # Not /accounts/: that word means the customer's accounts here.
    path("sign-in/", include("allauth.urls")),
]
if find_spec("api.urls"):
    urlpatterns.append(path("api/", include("api.urls")))
if find_spec("portal.urls"):
    urlpatterns.append(path("", include("portal.urls")))
