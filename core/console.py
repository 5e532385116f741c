"""The console's base screens. A form's save is one service call; nothing else writes.

Django wraps its form views in a transaction; a door verb must own its own, so these views are not wrapped.
A refusal comes back as an error in the form, with what was typed still there.
"""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import URLPattern, path
from unfold.admin import ModelAdmin, TabularInline

from core import clock, lists
from core.access import NOBODY, Access, allow
from core.actors import Actor
from core.errors import DomainError, InvalidInput
from core.exports import csv_response
from core.links import with_open_links
from core.reference import delete_reference, save_reference
from core.sheet_table import SheetTable
from core.sheets import Sheet, sheets
from core.shown import places_of

_REFUSAL = "service_refusal"
LONGEST_KEY = 18  # digits of a bigint that always fit


class ServiceRequired(RuntimeError):
    """A console screen tried to write a row by itself."""


def actor_of(request: HttpRequest, *, channel: str = "console") -> Actor:
    """The signed-in person as the actor of a verb."""
    user = request.user
    if not user.is_authenticated:
        raise PermissionDenied
    return Actor(
        label=str(user),
        user_id=user.pk,
        roles=frozenset(user.roles),
        channel=channel,
        ip=request.META.get("REMOTE_ADDR", ""),
        request_id=getattr(request, "request_id", ""),
    )


def row_id(text: str) -> int:
    """The row key an address names, or 0, which no row has ("²" is a digit to Python, 30 digits are no bigint)."""
    return int(text) if text.isdecimal() and len(text) <= LONGEST_KEY else 0


class _UnwrappedAdmin(admin.ModelAdmin):
    """Django's form views without their atomic block."""

    if TYPE_CHECKING:  # Django has them, its stubs do not
        _changeform_view: Callable[..., HttpResponse]
        _delete_view: Callable[..., HttpResponse]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return self._changeform_view(request, object_id, form_url, extra_context)
        except DomainError as refusal:
            setattr(request, _REFUSAL, refusal)  # the form's clean() shows it; see ServiceAdmin.get_form
            return self._changeform_view(request, object_id, form_url, extra_context)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            return self._delete_view(request, object_id, extra_context)
        except DomainError as refusal:
            messages.error(request, refusal.in_words)
            return HttpResponseRedirect(request.path.removesuffix("delete/") + "change/")


class PlainDecimalField(forms.DecimalField):
    """Shows a number as a person writes it: "1" and "4.78", where the column keeps 1.0000 and 4.780000."""

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, Decimal) or not value.is_finite() or self.decimal_places is None:
            return value
        return f"{value:.{places_of(value, self.decimal_places)}f}"


class ServiceAdmin(ModelAdmin, _UnwrappedAdmin):
    """Base of all console screens: declares its access, lists 50 a page, writes only through services.

    A list with `export_columns` (title, field path) has a link that gives what is filtered as CSV; a list whose records
    are rows of a sheet has links that give what is filtered as that sheet, to be imported again.
    """

    access: ClassVar[Access] = NOBODY
    export_columns: ClassVar[Sequence[tuple[str, str]]] = ()
    is_long: ClassVar[bool] = False  # there may be millions of rows; nothing may read them all
    paginator = lists.LongListPaginator
    list_per_page = 50
    show_full_result_count = False
    list_fullwidth = True
    compressed_fields = True

    def __init__(self, model: type[models.Model], admin_site: admin.AdminSite) -> None:
        if self.access is NOBODY:
            raise ImproperlyConfigured(f"{type(self).__name__} does not declare its access")
        super().__init__(model, admin_site)
        self.list_before_template = "admin/list_export.html"

    @property
    def sheets(self) -> list[Sheet]:
        """The sheets of this table; they are declared after the screens are made."""
        return [s for s in sheets() if isinstance(s.source, SheetTable) and s.source.model == self.opts.label]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if isinstance(db_field, models.DecimalField):
            kwargs.setdefault("form_class", PlainDecimalField)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return with_open_links(super().changelist_view(request, extra_context), request)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return with_open_links(super().changeform_view(request, *args, **kwargs), request)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[Any]:
        return lists.HonestChangeList

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [lists.quick_filter(self.model, wanted) for wanted in super().get_list_filter(request)]

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Never doubled rows: the search answers keys."""
        return lists.search(queryset, self.get_search_fields(request), search_term, is_long=self.is_long), False

    def get_urls(self) -> list[URLPattern]:
        if not self.export_columns:
            return super().get_urls()
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        return [path("export/", self.admin_site.admin_view(self.export_view), name=name), *super().get_urls()]

    def export_view(self, request: HttpRequest) -> StreamingHttpResponse:
        """What the list shows with this address's filters, search and order."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        shown = self.get_changelist_instance(request).get_queryset(request)
        return csv_response(shown, self.export_columns, name=str(self.opts.verbose_name_plural).replace(" ", "-"))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.access.may_view(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.access.may_view(request.user)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_act_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """For `permissions=["act"]` on actions."""
        return self.access.may_act(request.user)

    def require_act(self, request: HttpRequest, only: AbstractSet[str] | None = None) -> None:
        """First line of every view that acts: a 403 for whoever may only look; `only` narrows the roles to a verb's."""
        wanted = self.access if only is None else allow(act=only)
        if not wanted.may_act(request.user):
            raise PermissionDenied

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        refusal: DomainError | None = getattr(request, _REFUSAL, None)
        return form if refusal is None else _refusing(form, refusal)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """A row whose name is made for logs and lists may have a `headline` for its own page."""
        if headline := getattr(context.get("original"), "headline", ""):
            context["subtitle"] = headline
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        raise ServiceRequired(f"{type(self).__name__}.save_model must call a service")

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        raise ServiceRequired(f"{type(self).__name__}.delete_model must call a service")

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        raise ServiceRequired(f"{type(self).__name__} does not delete in bulk")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        if any(fs.has_changed() for fs in formsets):
            raise ServiceRequired(f"{type(self).__name__}: inline rows are saved by a service, not by the form")

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> list[Any]:
        """Django's would ask inline rows what the form saved of them; it saved none."""
        return []

    def log_addition(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        """The journal tells it; Django's own log would be a second, weaker one."""

    def log_change(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        """See log_addition."""

    def log_deletions(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        """See log_addition."""


class ReferenceAdmin(ServiceAdmin):
    """Reference data: add, change and remove through core.reference, journalled."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.access.may_act(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.access.may_act(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.access.may_act(request.user)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        save_reference(row=obj, actor=actor_of(request), now=clock.now())

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        delete_reference(row=obj, actor=actor_of(request), now=clock.now())


class LedgerAdmin(ServiceAdmin):
    """Rows that services write and people only read. There may be millions: a column sorts when an index carries it."""

    is_long = True

    def __init__(self, model: type[models.Model], admin_site: admin.AdminSite) -> None:
        super().__init__(model, admin_site)
        if not all(lists.is_searched_by_index(model, field) for field in self.search_fields):
            told = self.search_help_text or "Search"
            self.search_help_text = f"{told} (newest {lists.NEWEST_SEARCHED:,})"  # type: ignore[misc] # a word of each screen

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[Any]:
        return lists.LongChangeList

    def get_sortable_by(self, request: HttpRequest) -> list[Any]:
        return [name for name in self.get_list_display(request) if self._is_sorted_by_index(name)]

    def _is_sorted_by_index(self, column: Any) -> bool:
        shown = getattr(self, column, None) if isinstance(column, str) else column
        ordering = getattr(shown, "admin_order_field", None) if callable(shown) else column
        return isinstance(ordering, str) and lists.is_sorted_by_index(self.model, ordering.lstrip("-"))


class ReadOnlyInline(TabularInline):
    """Rows shown on another row's page: whoever may look at the page may look at its parts, and nobody edits them there."""

    hide_title = True
    extra = 0
    can_delete = False
    per_page = 50
    template_after = "admin/inline_empty.html"
    ordering: Any = ("pk",)  # pages of rows in no order may repeat and miss some

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _refusing(form: type[Any], refusal: DomainError) -> type[Any]:
    class Refused(form):
        def clean(self) -> Any:
            super().clean()
            if isinstance(refusal, InvalidInput):
                for wrong in refusal.errors:
                    name = wrong.pointer.strip("/")
                    self.add_error(name if name in self.fields else None, wrong.in_words)
                return self.cleaned_data
            raise ValidationError(refusal.in_words)

    return Refused
