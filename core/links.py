"""Links to other screens of the console, for those alone whom the screen would not refuse."""

import re
from collections.abc import Callable
from functools import cache, partial

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.urls import Resolver404, resolve

_LINK = re.compile(r'<a\b[^>]*?\bhref="(?P<to>/[^"]*)"[^>]*>(?P<words>.*?)</a>', re.DOTALL)
_PAGE = re.compile(r"(?P<screen>[a-z]+_[a-z]+)_change")


def lets_in(address: str, request: HttpRequest) -> bool:
    """Whether this person is not refused there: true of every address but the pages of rows whose screen is not theirs."""
    try:
        page = _PAGE.fullmatch(resolve(address.partition("?")[0]).url_name or "")
    except Resolver404:
        return True  # no page of ours: not for us to judge
    screens = {f"{m._meta.app_label}_{m._meta.model_name}": screen for m, screen in admin.site._registry.items()}
    found = screens.get(page["screen"]) if page else None
    return found is None or found.has_view_permission(request)


def opened_links(markup: str, request: HttpRequest) -> str:
    """The same markup with links that would refuse this person as their words alone."""
    judge = _judge(request)
    return _LINK.sub(lambda link: link[0] if judge(link["to"]) else link["words"], markup)


def _judge(request: HttpRequest) -> Callable[[str], bool]:
    """Of the rows of one screen, the first is judged."""
    judged = cache(partial(lets_in, request=request))
    return lambda address: judged(re.sub(r"\d+", "0", address))


def with_open_links(response: HttpResponse, request: HttpRequest) -> HttpResponse:
    """The page, once it is drawn, without links that would refuse whom it is for."""
    if isinstance(response, SimpleTemplateResponse):
        response.add_post_render_callback(partial(_open_links, request))
    return response


def _open_links(request: HttpRequest, response: SimpleTemplateResponse) -> None:
    response.content = opened_links(response.content.decode(response.charset), request).encode(response.charset)
