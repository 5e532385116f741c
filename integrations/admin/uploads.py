"""Imports: a file of reference data is uploaded, its columns named, looked at row by row, applied; sheets are exported."""

import tempfile
from math import ceil
from typing import Any, BinaryIO, cast

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from accounts.states import STAFF, Role
from core import clock
from core.access import allow
from core.choices import words
from core.console import LedgerAdmin, actor_of, row_id
from core.errors import DomainError
from core.sheet_table import SheetTable
from core.sheets import Sheet, Within, sheet, sheets
from integrations import progress
from integrations.models import Upload, UploadRow
from integrations.results import result_batches, result_header, result_numbers
from integrations.services.confirm_undo import LONGEST_REASON, confirm_undo
from integrations.services.confirm_upload import confirm_upload
from integrations.services.keep_upload import keep_upload
from integrations.services.name_columns import name_columns
from integrations.sheet_files import FORMATS, csv_chunks, exported, numbers_of, write_xlsx
from integrations.states import UNDER_WAY, ApplyMode, RowOutcome, UploadState

PAGE = 50
MOST_ON_THE_WEB = 50_000  # rows of a workbook made while somebody waits
TONES = {
    "uploaded": "info", "previewing": "info", "previewed": "warn", "applying": "info", "applied": "ok", "refused": "bad",
    "undoing": "info", "undone": "neutral",
}  # fmt: skip
_WAITING = (UploadState.PREVIEWING, *UNDER_WAY)


@admin.register(Upload)
class UploadAdmin(LedgerAdmin):
    access = allow(view=STAFF, act={Role.CS, Role.CS_LEAD, Role.OPERATOR, Role.PLANNER, Role.PRICING, Role.WAREHOUSE})
    list_display = ("name", "what", "state_pill", "found", "uploaded_label", "uploaded_at")
    list_filter = ("state", "uploaded_at")
    search_fields = ("name", "sheet", "uploaded_label")
    search_help_text = "File, sheet or who"
    ordering = ("-id",)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.access.may_act(request.user)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Upload]:
        """Only of sheets the person may look at."""
        return super().get_queryset(request).filter(sheet__in=[s.code for s in _seen(request)])

    @admin.display(description="sheet", ordering="sheet")
    def what(self, row: Upload) -> str:
        found = sheet(row.sheet)
        return found.label if found else words(row.sheet)

    @admin.display(description="state", ordering="state")
    def state_pill(self, row: Upload) -> str:
        return _pill(row.state)

    @admin.display(description="rows")
    def found(self, row: Upload) -> str:
        return ", ".join(f"{row.counts[o]:,} {o}" for o in RowOutcome if row.counts.get(o)) or "–"

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path(
                "export/<slug:code>.<slug:form>", wrap(self.export_sheet_view), name="integrations_upload_export_sheet"
            ),
            path("<int:upload_id>/columns/", wrap(self.columns_view), name="integrations_upload_columns"),
            path("<int:upload_id>/apply/", wrap(self.apply_view), name="integrations_upload_apply"),
            path("<int:upload_id>/undo/", wrap(self.undo_view), name="integrations_upload_undo"),
            path("<int:upload_id>/result.<slug:form>", wrap(self.result_view), name="integrations_upload_result"),
            *super().get_urls(),
        ]

    # --- upload -------------------------------------------------------------------------------------------------
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.require_act(request)
        if request.method == "POST":
            done = self._keep(request)
            if done is not None:
                return done
        context = {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            "title": "Import a file",
            "choices": [s for s in sheets() if s.access.may_act(request.user)],
            "chosen": request.POST.get("sheet") or request.GET.get("sheet", ""),
            "seen": [(s, s.source.count()) for s in _seen(request)],
        }
        return TemplateResponse(request, "admin/integrations/upload_add.html", context)

    def _keep(self, request: HttpRequest) -> HttpResponse | None:
        """To the new import's page; None where the file was refused."""
        file = request.FILES.get("file")
        if file is None or not file.name:
            messages.error(request, "Choose a file to import.")
            return None
        code, source = request.POST.get("sheet", ""), cast(BinaryIO, file.file)
        try:
            kept = keep_upload(sheet_code=code, name=file.name, source=source, actor=actor_of(request), now=clock.now())
        except DomainError as refusal:
            for words in refusal.each_in_words:
                messages.error(request, words)
            return None
        return HttpResponseRedirect(reverse("admin:integrations_upload_change", args=[kept.upload_id]))

    # --- one import ---------------------------------------------------------------------------------------------
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The import's page stands in the place of a form."""
        if request.method == "POST" or not self.has_view_permission(request):
            raise PermissionDenied
        upload, of = self._found(request, row_id(object_id))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            "title": upload.name,
            "upload": upload,
            "sheet": of,
            "pill": _pill(upload.state),
            "may_act": of.access.may_act(request.user),
            "is_waiting": upload.state in _WAITING,
            **_page(request, upload, of),
        }
        return TemplateResponse(request, "admin/integrations/upload.html", context)

    def columns_view(self, request: HttpRequest, upload_id: int) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self.require_act(request)
        _upload, of = self._found(request, upload_id)
        places = {c.name: request.POST.get(f"column-{c.name}", "") for c in of.columns}
        chosen = {name: int(place) for name, place in places.items() if place.isdecimal() and len(place) < 5}
        return self._do(
            request,
            upload_id,
            lambda: name_columns(upload_id=upload_id, columns=chosen, actor=actor_of(request), now=clock.now()),
        )

    def apply_view(self, request: HttpRequest, upload_id: int) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self.require_act(request)
        self._found(request, upload_id)
        mode, version = request.POST.get("mode", ""), request.POST.get("version", "")
        if mode not in list(ApplyMode) or not version.isdecimal():
            raise Http404
        return self._do(
            request,
            upload_id,
            lambda: confirm_upload(
                upload_id=upload_id,
                version=int(version[:9]),
                mode=ApplyMode(mode),
                actor=actor_of(request),
                now=clock.now(),
            ),
        )

    def undo_view(self, request: HttpRequest, upload_id: int) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self.require_act(request)
        self._found(request, upload_id)
        reason = request.POST.get("reason", "")
        return self._do(
            request,
            upload_id,
            lambda: confirm_undo(upload_id=upload_id, reason=reason, actor=actor_of(request), now=clock.now()),
        )

    def _do(self, request: HttpRequest, upload_id: int, run: Any) -> HttpResponse:
        try:
            run()
        except DomainError as refusal:
            for words in refusal.each_in_words:
                messages.error(request, words)
        return HttpResponseRedirect(reverse("admin:integrations_upload_change", args=[upload_id]))

    def _found(self, request: HttpRequest, upload_id: int) -> tuple[Upload, Sheet]:
        row = self.get_queryset(request).filter(pk=upload_id).first()
        of = None if row is None else sheet(row.sheet)
        if row is None or of is None:
            raise Http404
        return row, of

    # --- files --------------------------------------------------------------------------------------------------
    def result_view(self, request: HttpRequest, upload_id: int, form: str) -> HttpResponseBase:
        """The rows as they came, with what became of each: to be mended and imported again. `only=` narrows it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        upload, of = self._found(request, upload_id)
        only = [o for o in request.GET.getlist("only") if o in list(RowOutcome)]
        was = request.GET.get("values") == "before"
        header = result_header(upload, of, before=was)
        batches = result_batches(upload, of, only, before=was)
        count = UploadRow.objects.filter(upload=upload).count()
        return _file(form, f"{upload.sheet}-{upload.pk}-result", header, batches, result_numbers(header), count)

    def export_sheet_view(self, request: HttpRequest, code: str, form: str) -> HttpResponseBase:
        if not self.has_view_permission(request):
            raise PermissionDenied
        of = next((s for s in _seen(request) if s.code == code), None)
        if of is None:
            raise Http404
        header = [c.label for c in of.columns]
        if "empty" in request.GET:  # a heading to fill in
            return _file(form, f"{code}-empty", header, [], numbers_of(of), 0)
        within = self._within(request, of)
        return _file(form, code, header, exported(of, within), numbers_of(of), of.source.count(within))

    def _within(self, request: HttpRequest, of: Sheet) -> Within | None:
        """The rows that the console's list of these records shows with this address's filters and search."""
        if not request.GET or not isinstance(of.source, SheetTable):
            return None
        screen = self.admin_site.get_model_admin(apps.get_model(of.source.model))
        if not screen.has_view_permission(request):
            raise PermissionDenied
        try:
            shown = screen.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters as wrong:
            raise Http404 from wrong
        return Within(*shown.order_by().values("pk").query.sql_with_params())


def _seen(request: HttpRequest) -> list[Sheet]:
    return [s for s in sheets() if s.access.may_view(request.user)]


def _pill(state: str) -> str:
    return format_html('<span class="pill tone-{}">{}</span>', TONES.get(state, "neutral"), words(state))


def _file(form: str, name: str, header: list[str], batches: Any, numbers: list[bool], rows: int) -> HttpResponseBase:
    if form not in FORMATS:
        raise Http404
    disposition = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    if form == "csv":
        return StreamingHttpResponse(csv_chunks(header, batches), content_type=FORMATS[form], headers=disposition)
    if rows > MOST_ON_THE_WEB:
        said = f"{rows:,} rows are too many for a workbook while you wait. Take the CSV, or use manage.py export_sheet."
        return HttpResponse(said, status=409, content_type="text/plain; charset=utf-8")
    target = tempfile.TemporaryFile()  # noqa: SIM115  # the response closes it
    write_xlsx(cast(BinaryIO, target), header, batches, numbers)
    target.seek(0)
    return FileResponse(target, content_type=FORMATS[form], headers=disposition)


# --- what the page shows ----------------------------------------------------------------------------------------
def _page(request: HttpRequest, upload: Upload, of: Sheet) -> dict[str, Any]:
    if upload.state in _WAITING:
        part, rows = progress.told(upload.pk)
        return {"percent": int(part * 100), "rows_done": rows}
    shown = {"choices": _choices(upload, of), "asks_columns": upload.state == UploadState.UPLOADED}
    return {**shown, **_rows(request, upload, of)} if upload.counts else shown


def _choices(upload: Upload, of: Sheet) -> list[dict[str, Any]]:
    return [{"column": c, "place": upload.columns.get(c.name, ""), "is_key": c in of.needed} for c in of.columns]


def _rows(request: HttpRequest, upload: Upload, of: Sheet) -> dict[str, Any]:
    """The tabs and one page of rows: three statements, whatever the file's size."""
    tabs = [(str(o), words(o), upload.counts[o]) for o in RowOutcome if upload.counts.get(o)]
    wanted = request.GET.get("show") or next((t for t, _, _ in tabs if t in ("error", "moved", "kept")), tabs[0][0])
    total = upload.counts.get(wanted, 0)
    pages = max(1, ceil(total / PAGE))
    asked = request.GET.get("page", "1")
    page = min(max(1, int(asked)), pages) if asked.isdecimal() and len(asked) < 8 else 1
    rows = UploadRow.objects.filter(upload=upload, outcome=wanted).order_by("number")[(page - 1) * PAGE : page * PAGE]
    columns = [c for c in of.columns if c.name in upload.columns]
    writes = upload.counts.get("new", 0) + upload.counts.get("changed", 0)
    return {
        "tabs": tabs,
        "shown": wanted,
        "columns": columns,
        "rows": [_row(r, columns, upload.columns) for r in rows],
        "page": page,
        "pages": pages,
        "writes": writes,
        "wrong": upload.counts.get("error", 0) + upload.counts.get("moved", 0),
        "may_apply": upload.state == UploadState.PREVIEWED and writes > 0,
        "updated": upload.counts.get("updated", 0),
        "written": upload.counts.get("updated", 0) + upload.counts.get("created", 0),
        "may_undo": upload.state == UploadState.APPLIED,
        "longest_reason": LONGEST_REASON,
    }


def _row(row: UploadRow, columns: list[Any], places: dict[str, int]) -> dict[str, Any]:
    """A line of the table: each cell with its old value where it changes and what is wrong with it."""
    wrong: dict[str, list[dict[str, str]]] = {}
    for p in row.problems:
        wrong.setdefault(p["column"], []).append(p)
    cells = []
    for c in columns:
        place = places[c.name]
        typed = row.cells[place] if place < len(row.cells) else ""
        value = row.after.get(c.name, "")
        was = (row.before or {}).get(c.name, value)
        is_changed = row.before is not None and value != was
        shown = typed if c.name in wrong or c.name not in row.after else value
        cells.append({"value": shown, "was": was, "is_changed": is_changed, "problems": wrong.get(c.name, ())})
    listed = {c.name for c in columns}
    return {"number": row.number, "cells": cells, "problems": [p for p in row.problems if p["column"] not in listed]}
