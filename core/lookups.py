"""`…__in=` of many ids or codes sends them as one array: a parameter each is what makes long `IN (…)` lists slow."""

from collections.abc import Collection
from typing import Any, ClassVar

from django.db.models import BigIntegerField, CharField, ForeignKey
from django.db.models.fields.related_lookups import RelatedIn
from django.db.models.lookups import In

MANY = 8  # below this a plain list is as good, and easier to read in a log


class _AsArray:
    """Mixed into an `in` lookup: the same rows by the same plan, as the database makes an array of a list anyway.

    Values of another type than `plain` are prepared, or refused, one by one as ever.
    """

    plain: ClassVar[type] = int
    array: ClassVar[str] = "bigint[]"
    rhs: Any
    is_plain = False

    def get_prep_lookup(self) -> Any:
        values = self.rhs
        if isinstance(values, Collection) and len(values) > MANY and set(map(type, values)) == {self.plain}:
            self.is_plain = True
            return list(values)
        return super().get_prep_lookup()  # type: ignore[misc]

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        if not self.is_plain:
            return super().as_sql(compiler, connection)  # type: ignore[misc]
        lhs, params = self.process_lhs(compiler, connection)  # type: ignore[attr-defined]
        return f"{lhs} = ANY(%s::{self.array})", [*params, self.rhs]


class IdIn(_AsArray, In):
    pass


class RelatedIdIn(_AsArray, RelatedIn):
    pass


class CodeIn(_AsArray, In):
    plain = str
    array = "text[]"


def register() -> None:
    BigIntegerField.register_lookup(IdIn)
    ForeignKey.register_lookup(RelatedIdIn)
    CharField.register_lookup(CodeIn)
