"""The desk: the queue on the left, the case one looks at on the right, many cases at once. Works without scripts."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from core import clock, refs
from core.console import ServiceAdmin, actor_of, row_id
from core.links import lets_in
from core.refs import DocumentRef
from exceptions_app import kinds, suggestions
from exceptions_app.admin.case_page import shown
from exceptions_app.admin.verbs import run
from exceptions_app.case_lists import CaseView, desk_rows, view_counts
from exceptions_app.models import Case, Queue
from exceptions_app.queries import clock_of
from exceptions_app.states import Severity

MOST_AT_ONCE = 50
LAST_PAGE = 200
VIEWS = {
    CaseView.LIVE: "All live",
    CaseView.TEAM: "My teams",
    CaseView.MINE: "Mine",
    CaseView.UNASSIGNED: "Nobody's",
    CaseView.BREACHING: "Out of time or nearly",
}
# what the selected cases can be asked at once → what was done then
AT_ONCE = {
    "take": "taken",
    "snooze": "snoozed for four hours",
    "comment": "commented",
    "assign": "assigned",
    "hand_over": "handed over",
    "escalate": "escalated",
    "resolve": "resolved",
    "apply": "mended",
}


@dataclass(frozen=True)
class Asked:
    """What the desk's address says: which cases, which page, which one is looked at."""

    view: CaseView
    kind: str
    words: str
    page: int
    case_id: int

    def address(self, **other: Any) -> str:
        """The desk with some of it changed; what is empty is left out."""
        said = {
            "view": self.view.value,
            "kind": self.kind,
            "q": self.words,
            "page": self.page if self.page > 1 else 0,
            "case": self.case_id,
        }
        said |= other
        return f"{reverse('admin:exceptions_app_case_desk')}?{urlencode({k: v for k, v in said.items() if v})}"


@dataclass(frozen=True)
class Answer:
    """What became of one of the selected cases; `refusal` is empty when it was done."""

    number: str
    url: str
    refusal: str


def asked_of(values: Any) -> Asked:
    """From an address's query. What makes no sense is as if it was not said."""
    view, page = values.get("view", ""), row_id(values.get("page", ""))
    return Asked(
        view=CaseView(view) if view in VIEWS else CaseView.LIVE,
        kind=values.get("kind", "")[:40],
        words=values.get("q", "").strip()[:100],
        page=min(max(page, 1), LAST_PAGE),
        case_id=row_id(values.get("case", "")),
    )


def desk_address(request: HttpRequest, case_id: int) -> str:
    """Where a button pressed on the desk leads back to; nothing for one pressed elsewhere."""
    return asked_of(request.GET).address(case=case_id) if "view" in request.GET else ""


def desk_page(request: HttpRequest, screen: ServiceAdmin) -> HttpResponse:
    """A POST does one thing to the selected cases and tells what became of each. `part=case` gives the right side alone."""
    asked = asked_of(request.GET)
    answers = _at_once(request) if request.method == "POST" else []
    if request.GET.get("part") == "case":
        return render(request, "exceptions_app/desk_case.html", _case(asked, asked.case_id, request, screen))
    return render(request, "exceptions_app/desk.html", _context(asked, answers, request, screen))


def _at_once(request: HttpRequest) -> list[Answer]:
    """One call per case; what is refused is told, the others go on."""
    verb, actor = request.POST.get("verb", ""), actor_of(request)
    ids = [row_id(pk) for pk in request.POST.getlist("cases")[:MOST_AT_ONCE]]
    numbers = dict(Case.objects.filter(pk__in=ids).order_by("pk").values_list("pk", "number"))
    if verb not in AT_ONCE:
        return []
    return [Answer(number, _url(pk), run(verb, pk, request, actor)) for pk, number in numbers.items()]


def _context(asked: Asked, answers: list[Answer], request: HttpRequest, screen: ServiceAdmin) -> dict[str, Any]:
    now, roles = clock.now(), list(getattr(request.user, "roles", []))
    rows, has_more = desk_rows(
        asked.view,
        user_id=request.user.pk,
        roles=roles,
        now=now,
        kind=asked.kind,
        words=asked.words,
        page=asked.page,
        size=MOST_AT_ONCE,
    )
    counts = view_counts(user_id=request.user.pk, roles=roles, now=now)
    chosen = asked.case_id or (rows[0].pk if rows else 0)
    return {
        **screen.admin_site.each_context(request),
        **_case(asked, chosen, request, screen),
        "title": "Exceptions",
        "asked": asked,
        "is_one_asked": bool(asked.case_id),
        "list_url": asked.address(case=""),
        "views": [
            (asked.address(view=v, page="", case=""), name, counts[v], v == asked.view) for v, name in VIEWS.items()
        ],
        "kinds": kinds.kinds(),
        "rows": [_row(case, asked, chosen, now) for case in rows],
        "more_url": asked.address(page=asked.page + 1, case="") if has_more else "",
        "less_url": asked.address(page=asked.page - 1, case="") if asked.page > 1 else "",
        "answers": answers,
        "done": AT_ONCE.get(request.POST.get("verb", ""), ""),
        "all_teams": Queue.objects.order_by("name"),
        "mends": suggestions.of_kind(asked.kind),
        "key": request.META.get("CSRF_COOKIE", "")[:8] + f"{now:%Y%m%d%H%M%S}",
        "media": screen.media,
    }


def _case(asked: Asked, case_id: int, request: HttpRequest, screen: ServiceAdmin) -> dict[str, Any]:
    case = Case.objects.select_related("queue", "account__tier", "assignee").filter(pk=case_id).first()
    if case is None:
        return {"case": None}
    return {
        **shown(case, may_act=screen.access.may_act(request.user), now=clock.now()),
        "kind_label": kinds.label(case.kind),
        "subject": _subject(case, request),
        "back": f"?{asked.address(case='').partition('?')[2]}",
        "page_url": _url(case.pk),
    }


def _row(case: Case, asked: Asked, chosen: int, now: Any) -> dict[str, Any]:
    return {
        "case": case,
        "url": asked.address(case=case.pk),
        "is_chosen": case.pk == chosen,
        "kind": kinds.label(case.kind),
        "is_grave": case.severity in (Severity.HIGH, Severity.CRITICAL),
        "clock": clock_of(case, now),
    }


def _subject(case: Case, request: HttpRequest) -> tuple[DocumentRef, str]:
    """What it is about, and its page for those whom that lets in."""
    ref = DocumentRef(case.subject_kind, case.subject_id, case.subject_number)
    url = refs.url_of(ref)
    return ref, url if url and lets_in(url, request) else ""


def _url(case_id: int) -> str:
    return reverse("admin:exceptions_app_case_change", args=[case_id])
