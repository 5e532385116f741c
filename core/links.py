"""Links to other screens of the console, for those alone whom the screen would not refuse."""

import re
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.safestring import SafeString, mark_safe

_LINK = re.compile(r'<a href="(?P<to>/[^"]*)"[^>]*>(?P<words>.*?)</a>', re.DOTALL)
_PAGE = re.compile(r"(?P<screen>[a-z]+_[a-z]+)_change")


def may_look(request: HttpRequest, label: str) -> bool:
    """Whether the screen of the model "app.model" lets this person in; false for a model without a screen."""
    screen = admin.site._registry.get(apps.get_model(label))
    return screen is not None and screen.has_view_permission(request)


def opened_links(shown: Any, request: HttpRequest) -> Any:
    """The same markup with links to rows of screens that would refuse this person as their words alone. Only for markup that
    is safe already; anything else is given back as it is."""
    if not isinstance(shown, SafeString) or "<a " not in shown:
        return shown
    kept = _LINK.sub(lambda link: link[0] if _lets_in(link["to"], request) else link["words"], shown)
    return mark_safe(kept)  # nothing is added to what was safe


def _lets_in(address: str, request: HttpRequest) -> bool:
    try:
        page = _PAGE.fullmatch(resolve(address.partition("?")[0]).url_name or "")
    except Resolver404:
        return True  # no page of ours: not for us to judge
    return page is None or _is_open(page["screen"], request)


def _is_open(name: str, request: HttpRequest) -> bool:
    screens = {f"{m._meta.app_label}_{m._meta.model_name}": screen for m, screen in admin.site._registry.items()}
    return name not in screens or screens[name].has_view_permission(request)
