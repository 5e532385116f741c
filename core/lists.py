"""Lists that stay quick when they are long: what is counted, how deep pages go, what a filter offers, how words are found.

Nothing here reads a whole table: rows are counted up to EXACT, the pages end there, a filter's choices are those of the
newest rows, and every field is searched by itself, so that each search can use its own index.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib.admin import AllValuesFieldListFilter, FieldListFilter, RelatedFieldListFilter, SimpleListFilter
from django.contrib.admin.utils import get_fields_from_path, reverse_field_path
from django.core.exceptions import FieldDoesNotExist
from django.core.paginator import Paginator
from django.db import connection, models
from django.db.models import F, Q, QuerySet, Value
from django.http import HttpRequest
from django.utils.text import capfirst, smart_split
from unfold.views import ChangeList

from core.words import called

EXACT = 10_000  # rows counted one by one; the pages end there too
NEWEST = 2_000  # rows a filter takes its choices from
CHOICES = 40  # choices a filter shows
NEWEST_FILTERED = 100_000  # rows a filter looks through where no index carries it
NEWEST_SEARCHED = 20_000  # rows a search looks through where no index carries it
FOUND = 500  # rows a word brings from each table
FEW_ROWS = 2_000  # rows of a list that are named by key after a search
NEWEST_ONLY = "_is_newest_only"
WORDS = 5  # words of a search that count
SHORTEST = 3  # letters of which an index of trigrams can find the middle of a word


class LongListPaginator(Paginator):
    """Counts up to EXACT and says honestly what lies beyond; the last page is where the count ends."""

    template_name = "admin/list_count.html"

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[: EXACT + 1].count())

    @cached_property
    def count(self) -> int:
        return min(self._counted, EXACT)

    @property
    def is_newest_only(self) -> bool:
        return bool(getattr(self.object_list, NEWEST_ONLY, False))

    @property
    def is_cut(self) -> bool:
        return self._counted > EXACT

    @cached_property
    def words(self) -> str:
        """ "1 order", "2,345 orders", "about 1,000,000 orders", "more than 10,000 orders"."""
        rows: Any = self.object_list
        opts = rows.model._meta
        name = called(rows.model)[self._counted != 1]
        if not self.is_cut:
            return f"{self._counted:,} {name}"
        about = 0 if rows.query.where else _estimate(opts.db_table)
        return f"about {about:,} {name}" if about > EXACT else f"more than {EXACT:,} {name}"


class HonestChangeList(ChangeList):
    """The count stands below the list in words; a bare number beside the title would be where the count ended."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = capfirst(called(self.model)[1])  # Django: "Select order to view"

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.full_result_count = self.result_count


class LongChangeList(HonestChangeList):
    """A filter without an index looks through the newest rows only, and the list says so."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        found = super().get_queryset(request, exclude_parameters)
        if not any(_reads_all(self.model, spec) for spec in self.filter_specs if _is_used(spec, request)):
            return found
        newest = found.filter(pk__gt=_before_newest(self.model, NEWEST_FILTERED))
        setattr(newest, NEWEST_ONLY, True)
        return newest


def _is_used(spec: Any, request: HttpRequest) -> bool:
    return any(parameter in request.GET for parameter in spec.expected_parameters())


def _reads_all(model: type[models.Model], spec: Any) -> bool:
    """A field's filter without an index; a filter of our own answers for itself (`newest_only = True` if it would)."""
    path = getattr(spec, "field_path", None) if isinstance(spec, FieldListFilter) else None
    return getattr(spec, "newest_only", False) if path is None else not is_led_by_index(model, path)


def _before_newest(model: type[models.Model], count: int) -> int:
    """The key after which the newest `count` rows come; 0 where there are fewer. Asked first: a number the planner sees."""
    return next(iter(model._default_manager.order_by("-pk").values_list("pk", flat=True)[count : count + 1]), 0)


def _estimate(table: str) -> int:
    """What the database believes the table holds, to two figures. It keeps the number by itself, if not by the minute."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [f'"{table}"'])
        rows = int(cursor.fetchall()[0][0])
    return round(rows, 2 - len(str(rows))) if rows > 0 else 0


class RecentValues(AllValuesFieldListFilter):
    """The values of the newest rows, instead of a DISTINCT over all of them."""

    def __init__(
        self, field: Any, request: HttpRequest, params: Any, model: Any, model_admin: Any, field_path: str
    ) -> None:
        super().__init__(field, request, params, model, model_admin, field_path)
        self._parent, _ = reverse_field_path(model, field_path)
        self._field_name = field.name
        del self.lookup_choices

    @cached_property
    def lookup_choices(self) -> list[Any]:  # type: ignore[override]  # Django's is a queryset; it is only walked
        newest = self._parent._default_manager.order_by("-pk").values_list(self._field_name, flat=True)[:NEWEST]
        seen = set(newest) - {""}
        chosen = {value for value in (self.lookup_val or ()) if value}
        return sorted({*sorted((v for v in seen if v is not None), key=str)[:CHOICES], *chosen}, key=str)


class FewRelated(RelatedFieldListFilter):
    """Choices of a related table while they are few; a table of thousands is searched instead of listed."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        rows = field.remote_field.model._default_manager.order_by(
            *self.field_admin_ordering(field, request, model_admin)
        )
        few = list(rows[: CHOICES + 1])
        return [(row.pk, str(row)) for row in few] if len(few) <= CHOICES else []


def typed(title: str, field_path: str, *, parameter: str = "") -> type[SimpleListFilter]:
    """A filter one types a whole code or number into: "account" over 100,000 accounts."""

    class Typed(TypedFilter):
        pass

    Typed.title, Typed.parameter_name, Typed.field_path = title, parameter or field_path.replace("__", "_"), field_path
    return Typed


class TypedFilter(SimpleListFilter):
    template = "admin/typed_filter.html"
    field_path = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return []

    def has_output(self) -> bool:
        return True

    def choices(self, changelist: Any) -> Iterator[Any]:
        """What the other filters say, kept as hidden fields, and the way back to all."""
        kept = {k: v for k, v in changelist.filter_params.items() if k not in (self.parameter_name, "p")}
        yield {
            "kept": [(name, value) for name, values in kept.items() for value in values],
            "clear": changelist.get_query_string(remove=[self.parameter_name]),
        }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = (self.value() or "").strip()
        return queryset.filter(**{f"{self.field_path}__iexact": value}) if value else queryset


def quick_filter(model: type[models.Model], wanted: Any) -> Any:
    """The filter of a field that reads few rows: a bare name is asked what kind of field it is."""
    if not isinstance(wanted, str):
        return wanted
    field = get_fields_from_path(model, wanted)[-1]
    if field.is_relation:
        return (wanted, FewRelated)
    kinds = (models.BooleanField, models.DateField)
    return wanted if field.choices or isinstance(field, kinds) else (wanted, RecentValues)


def is_sorted_by_index(model: type[models.Model], field_name: str) -> bool:
    """Whether an index carries the order of a column, so that a page of it is read without sorting the table.

    A column of few values (a status) is none: the first of them has most of the table to be sorted behind it.
    """
    try:
        field = model._meta.get_field(field_name)
    except FieldDoesNotExist:
        return False
    has_many_values = getattr(field, "unique", False) or isinstance(field, models.DateField | models.DecimalField)
    return has_many_values and is_led_by_index(model, field_name)


def is_led_by_index(model: type[models.Model], field_name: str) -> bool:
    """Whether an index of the table begins with the field, so that a filter by it reads what it finds."""
    try:
        field = model._meta.get_field(field_name)
    except FieldDoesNotExist:
        return False
    alone = getattr(field, "unique", False) or getattr(field, "db_index", False)
    leading = [i.fields[0].lstrip("-") for i in model._meta.indexes if i.fields and i.condition is None]
    unique = [
        c.fields[0]
        for c in model._meta.constraints
        if isinstance(c, models.UniqueConstraint) and c.fields and c.condition is None
    ]
    return alone or field_name in (*leading, *unique)


@dataclass(frozen=True)
class Place:
    """Where words are looked for: fields of one table, and what of the listed row leads to that table ("pk": itself)."""

    leads: str
    model: type[models.Model]
    fields: tuple[str, ...]


def search(queryset: QuerySet[Any], fields: Sequence[str], typed_words: str, *, is_long: bool = False) -> QuerySet[Any]:
    """The rows in which every word occurs, each in a field of its own: a few statements more, whatever there is.

    Words are looked up in each table by its own indexes, at most FOUND rows of each, before the list is asked: a join
    and an OR over its tables would leave the database none of them. In a long table the newest rows come first, and a
    field without an index is looked for among them only. Few rows are then named by key, so that the list does not
    walk from the newest row to the old ones in hope of a page.
    """
    words = list(dict.fromkeys(_words(typed_words)))[:WORDS]
    if not words or not fields:
        return queryset
    places = _places(queryset.model, fields)
    asked = [(n, place) for n in range(len(words)) for place in places]
    found: dict[int, set[int]] = {key: set() for key in range(len(asked))}
    looks = [look for key, (n, place) in enumerate(asked) for look in _looks(key, place, words[n], is_long=is_long)]
    for key, pk in looks[0].union(*looks[1:], all=True) if len(looks) > 1 else looks[0]:
        found[key].add(pk)
    for n in range(len(words)):
        rows: list[Any] = [
            (f"{place.leads}__in", sorted(found[key])) for key, (of, place) in enumerate(asked) if of == n
        ]
        queryset = queryset.filter(Q.create(rows, connector=Q.OR))
    keys = list(queryset.order_by().values_list("pk", flat=True)[: FEW_ROWS + 1])
    return queryset.filter(pk__in=keys) if len(keys) <= FEW_ROWS else queryset


def _words(typed: str) -> Iterator[str]:
    for word in smart_split(typed.replace("\x00", "")):
        if bare := word.strip("\"'"):
            yield bare


def _places(model: type[models.Model], fields: Sequence[str]) -> list[Place]:
    """Fields of the row itself together, those of each related row together; what a row has many of, by itself."""
    gathered: dict[tuple[str, type[models.Model], str], list[str]] = {}
    for path in fields:
        mark = path[: len(path) - len(path.lstrip("=^"))]
        steps = get_fields_from_path(model, path.lstrip("=^"))
        *leading, last = path.lstrip("=^").split("__")
        if any(step.one_to_many or step.many_to_many for step in steps):
            gathered[("pk", model, path)] = [path]
        else:
            key = ("__".join(leading) or "pk", steps[-1].model if leading else model, "")
            gathered.setdefault(key, []).append(mark + last)
    return [Place(leads, owner, tuple(names)) for (leads, owner, _), names in gathered.items()]


def _looks(key: int, place: Place, word: str, *, is_long: bool) -> Iterator[QuerySet[Any]]:
    """(key, pk) of what matches: by index, unordered so that no other plan tempts; and in a long list the newest."""
    rows = place.model._default_manager.order_by().annotate(_key=Value(key))
    by_index = [f for f in place.fields if not is_long or is_searched_by_index(place.model, f)]
    in_newest = place.fields if place.leads == "pk" else [f for f in place.fields if f not in by_index]
    if by_index:
        yield rows.filter(_any_of(by_index, word)).values_list("_key", "pk")[:FOUND]
    if is_long and in_newest and not any("__" in f for f in in_newest):
        newest = rows.filter(_any_of(in_newest, word), pk__gt=_before_newest(place.model, NEWEST_SEARCHED))
        yield newest.order_by("-pk").values_list("_key", "pk")[:FOUND]


def _any_of(fields: Sequence[str], word: str) -> Q:
    return Q.create([_matches(field, word) for field in fields], connector=Q.OR)


def is_searched_by_index(model: type[models.Model], path: str) -> bool:
    """Whether an index finds words in the field: one of trigrams or of its upper case, or a related row's own."""
    fields = get_fields_from_path(model, path.lstrip("=^"))
    owner, name = fields[-1].model, fields[-1].name
    written = [expression for index in owner._meta.indexes for expression in index.expressions]
    written += [e for c in owner._meta.constraints for e in getattr(c, "expressions", ())]
    return any(isinstance(part, F) and getattr(part, "name", "") == name for e in written for part in _parts(e))


def _parts(expression: Any) -> Iterator[Any]:
    yield expression
    for part in getattr(expression, "get_source_expressions", list)():
        yield from _parts(part)


def _matches(field: str, word: str) -> Q:
    """Django's marks: "=" the whole, "^" the beginning; else anywhere, or where a word begins when it is very short."""
    bare = field.lstrip("=^")
    if field.startswith("="):
        return Q((f"{bare}__iexact", word))
    if field.startswith("^"):
        return Q((f"{bare}__istartswith", word))
    if len(word) < SHORTEST:
        return Q((f"{bare}__istartswith", word)) | Q((f"{bare}__icontains", f" {word}"))
    return Q((f"{bare}__icontains", word))
