"""The console alone is allowed what its theme cannot do without."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_only_middleware

# Unfold evaluates Alpine expressions from attributes and writes the theme's colours into a <style> element.
CONSOLE_ALLOWS = {"script-src": ["'unsafe-eval'"], "style-src": ["'unsafe-inline'"]}


@sync_only_middleware
def ConsolePolicy(  # noqa: N802  it is named like the middleware classes it stands among
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if request.path_info.startswith("/admin/") and not hasattr(response, "_csp_update"):
            response._csp_update = CONSOLE_ALLOWS  # type: ignore[attr-defined]
        return response

    return middleware
