"""What no page and no endpoint is asked to read: a body too large, and text the database cannot hold."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from api.problem import page_problem

# PostgreSQL stores no NUL; half a surrogate pair is no character at all.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
API = "/api/"
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
GetResponse = Callable[[HttpRequest], HttpResponseBase]


class ReadableOnly:
    """Answers 413 to a body above the limit before a byte of it is read, and 400 to unstorable text, naming the field.

    The API reads its bodies itself (api.parsing); its addresses and parameters are looked at here.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if UNSTORABLE.search(request.path_info):
            return refuse(request, 404, "not_found", _("There is nothing at this address."), "")
        if name := _unstorable(request.GET.lists()):
            return _refuse_text(request, name)
        if not request.path_info.startswith(API) and _length(request) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            return refuse(
                request, 413, "body_too_large", _("What was sent is larger than 2 MB."), _("Split it in two.")
            )
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponseBase | None:
        if request.path_info.startswith(API) or request.content_type not in FORMS:
            return None
        name = _unstorable(request.POST.lists())
        return _refuse_text(request, name) if name else None


def refuse(request: HttpRequest, status: int, code: str, what: str, remedy: str) -> HttpResponseBase:
    """A refusal before any view ran: problem+json for the API, a page for people."""
    if request.path_info.startswith(API):
        return page_problem(status, code, what, remedy)
    words = {"what": what, "remedy": remedy}
    return render(request, "refused.html", words, status=status)


def _refuse_text(request: HttpRequest, name: str) -> HttpResponseBase:
    what = _("The field “%(name)s” holds a character that cannot be stored (NUL or half a character).")
    remedy = _("Remove it, perhaps by typing the text anew, and send it again. Nothing was saved.")
    return refuse(request, 400, "unstorable_text", what % {"name": UNSTORABLE.sub("?", name)[:60]}, remedy)


def _unstorable(fields: Iterable[tuple[str, list[Any]]]) -> str:
    """The name of the first field whose name or value cannot be stored; empty where there is none."""
    return next((n for n, values in fields if any(UNSTORABLE.search(str(t)) for t in (n, *values))), "")


def _length(request: HttpRequest) -> int:
    given = request.META.get("CONTENT_LENGTH") or "0"
    return int(given) if given.isdecimal() else 0
