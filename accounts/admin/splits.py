"""The page that sets who sells to an account: the whole table from a day on, one call of set_splits."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from accounts.models import Account, Rep, RepAssignment
from accounts.queries import rep_splits
from accounts.rules.splits import SplitSpec
from accounts.services.set_splits import set_splits
from accounts.states import SplitKind
from core import clock
from core.choices import choices
from core.console import actor_of
from core.errors import DomainError, InvalidInput

_SPARE_ROWS = 3
Row = dict[str, str]


def splits_page(request: HttpRequest, account_id: int) -> HttpResponse:
    account = Account.objects.filter(pk=account_id).first()
    if account is None:
        raise Http404
    errors: list[str] = []
    if request.method == "POST":
        errors = _set(request, account)
        if not errors:
            messages.success(request, f"The splits of {account.code} are set.")
            return HttpResponseRedirect(reverse("admin:accounts_account_change", args=[account_id]))
        rows = _posted(request)
    else:
        rows = _current(account_id)
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": f"Who sells to {account}",
        "account": account,
        "errors": errors,
        "from_date": request.POST.get("from_date") or clock.now().date().isoformat(),
        "reason": request.POST.get("reason", ""),
        "rows": [*rows, *[{"rep": "", "kind": str(SplitKind.REVENUE), "percent": ""}] * _SPARE_ROWS],
        "reps": Rep.objects.select_related("user").order_by("code"),
        "kinds": choices(SplitKind),
    }
    return render(request, "accounts/splits.html", context, status=422 if errors else 200)


def _current(account_id: int) -> list[Row]:
    """As they are today, or, where nobody sells yet, those that are to start."""
    splits = rep_splits([account_id], on=clock.now().date()).get(account_id, ())
    if not splits and RepAssignment.objects.filter(account=account_id).exists():
        last = RepAssignment.objects.filter(account=account_id).latest("valid_from")
        splits = rep_splits([account_id], on=last.valid_from).get(account_id, ())
    return [{"rep": str(s.rep_id), "kind": str(s.kind), "percent": f"{s.percent.normalize():f}"} for s in splits]


def _posted(request: HttpRequest) -> list[Row]:
    columns = [request.POST.getlist(name) for name in ("rep", "kind", "percent")]
    rows = [dict(zip(("rep", "kind", "percent"), row, strict=True)) for row in zip(*columns, strict=False)]
    return [row for row in rows if row["rep"] or row["percent"].strip()]


def _set(request: HttpRequest, account: Account) -> list[str]:
    """What is wrong, in words; nothing: it is done."""
    try:
        day = date.fromisoformat(request.POST.get("from_date", ""))
    except ValueError:
        return ["Give the day from which they hold, like 2026-06-01."]
    rows = _posted(request)
    if wrong := [problem for number, row in enumerate(rows, 1) if (problem := _misread(number, row))]:
        return wrong
    try:
        set_splits(
            account_id=account.pk,
            from_date=day,
            splits=_specs(rows),
            actor=actor_of(request),
            now=clock.now(),
            reason=request.POST.get("reason", ""),
        )
    except InvalidInput as refusal:
        return [f"Row {int(wrong.pointer.split('/')[2]) + 1}: {wrong.message}" for wrong in refusal.errors]
    except DomainError as refusal:
        return [refusal.in_words]
    return []


def _misread(number: int, row: Row) -> str:
    if not row["rep"].isdecimal():
        return f"Row {number}: choose a rep."
    if row["kind"] not in set(SplitKind):
        return f"Row {number}: choose revenue or overlay."
    try:
        is_number = Decimal(row["percent"].strip()).is_finite()
    except InvalidOperation:
        is_number = False
    return "" if is_number else f"Row {number}: {row['percent']!r} is not a share like 50 or 33.34."


def _specs(rows: Sequence[Row]) -> list[SplitSpec]:
    return [SplitSpec(int(row["rep"]), Decimal(row["percent"].strip()), SplitKind(row["kind"])) for row in rows]
