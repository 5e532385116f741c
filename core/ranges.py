"""Half-open date ranges in SQL: the same [start, end) as core.periods."""

from typing import Any

from django.db.models import F, Func, Value


class DateRange(Func):
    """daterange(start, end, '[)'), with NULL as open. For exclusion constraints over two date columns.

    An end before its start makes an empty range, so that the check constraint says what is wrong with the row
    (PostgreSQL's own answer is an error about range bounds, which no form could show at its field).
    """

    function = "DATERANGE"

    def __init__(self, *expressions: Any, **extra: Any) -> None:
        if len(expressions) == 2:
            start, end = (F(e) if isinstance(e, str) else e for e in expressions)
            expressions = (start, end, Value("[)"))
        super().__init__(*expressions, **extra)

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:  # type: ignore[override]
        whole, parameters = super().as_sql(compiler, connection, **context)
        start, of_start = compiler.compile(self.source_expressions[0])
        end, of_end = compiler.compile(self.source_expressions[1])
        sql = f"CASE WHEN {end} < {start} THEN 'empty'::daterange ELSE {whole} END"
        return sql, (*of_end, *of_start, *parameters)
