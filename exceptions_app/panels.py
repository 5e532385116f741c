"""The cases of a document, shown on its page wherever that is."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from core import panels, refs
from core.panels import Panel
from core.refs import DocumentRef
from exceptions_app import kinds
from exceptions_app.queries import cases_for

# Documents of the rooms above by name: this room knows that they exist, not what they are.
SUBJECTS = ("order", "shipment", "invoice", "receipt", "return", "account", "product", "demand", "interchange")


def register() -> None:
    refs.register("case", "Case", case_url)
    for kind in SUBJECTS:
        panels.register(kind, CASES)


def case_url(case_id: int) -> str:
    return reverse("admin:exceptions_app_case_change", args=[case_id])


def render_cases(ref: DocumentRef, request: HttpRequest) -> str:
    """The document's cases, newest first; nothing when it has none."""
    found = cases_for([ref])[ref.kind, ref.id]
    if not found:
        return ""
    rows = [{"case": case, "label": kinds.label(case.kind), "url": case_url(case.id)} for case in found]
    return render_to_string("exceptions_app/cases_panel.html", {"rows": rows}, request=request)


CASES = Panel("Exceptions", 20, render_cases)
