"""Half-open date ranges in SQL: the same [start, end) as core.periods."""

from typing import Any

from django.db.models import F, Func, Value


class DateRange(Func):
    """daterange(start, end, '[)'), with NULL as open. For exclusion constraints over two date columns."""

    function = "DATERANGE"

    def __init__(self, *expressions: Any, **extra: Any) -> None:
        if len(expressions) == 2:
            start, end = (F(e) if isinstance(e, str) else e for e in expressions)
            expressions = (start, end, Value("[)"))
        super().__init__(*expressions, **extra)
