"""Hot statements: the server keeps their plan, and several that do not need each other's answers share a round trip.

For the few that run with every claim. All others go through the ORM or `connection.cursor()`, which sends their
parameters inside the text and has them parsed and planned every time.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import psycopg
from django.db import DatabaseError, connection
from django.db.backends.utils import CursorWrapper
from psycopg.errors import PipelineAborted

from core import arrays

T = TypeVar("T")
LONG = 500  # values of a list from which on a plan made for it is worth its millisecond
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Statement(Generic[T]):
    """A question and how its rows are read. The text must be one of few: each is prepared once per connection."""

    text: str
    parameters: Mapping[str, Any]
    read: Callable[[list[Row]], T]


def rows(text: str, parameters: Mapping[str, Any]) -> list[Row]:
    """One round trip."""
    with _cursor() as cursor:
        cursor.execute(text, _written(parameters))
        return cursor.fetchall()


def run(text: str, parameters: Mapping[str, Any]) -> None:
    """One that answers nothing, in one round trip."""
    with _cursor() as cursor:
        cursor.execute(text, _written(parameters))


def answer(statement: Statement[T]) -> T:
    return statement.read(rows(statement.text, statement.parameters))


def answers(*statements: Statement[Any]) -> list[Any]:
    """What each reads, in the order asked: one round trip for all. Each sees what was committed when its turn came."""
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        cursors = [_cursor() for _ in statements]
        for cursor, statement in zip(cursors, statements, strict=True):
            cursor.execute(statement.text, _written(statement.parameters))
        found = [cursor.fetchall() for cursor in cursors]
    return [statement.read(some) for statement, some in zip(statements, found, strict=True)]


@contextmanager
def planned_for(length: int) -> Iterator[None]:
    """In a transaction: inside, each statement is planned for the lists it is given, where these are LONG. The plan that is
    kept for any list looks every row up in it from end to end, and one made while a table was nearly empty reads all of it
    when it has filled: thousands of rows would spend most of their time there.

    It ends before the commit, which checks foreign keys row by row: each check would be planned as well.
    """
    if length <= LONG:
        yield
        return
    run("SET LOCAL plan_cache_mode = force_custom_plan", {})
    yield
    run("SET LOCAL plan_cache_mode TO DEFAULT", {})  # after an error the transaction ends, and the setting with it


def run_and_commit(text: str, parameters: Mapping[str, Any]) -> None:
    """The statement and COMMIT in one message; when it fails, nothing is committed. The commit of Django that follows
    finds no transaction open and only runs what waits for it. Called by the unit of work."""
    refusal: Exception | None = None
    with connection.wrap_database_errors:
        try:
            with connection.connection.pipeline():
                refusal = _refusal(text, parameters)
        except PipelineAborted:  # said of the COMMIT behind it: the refusal is the reason, and what is raised
            if refusal is None:
                raise
        if refusal is not None:
            raise refusal


def _refusal(text: str, parameters: Mapping[str, Any]) -> Exception | None:
    """The statement's own error. Kept until the pipeline has ended: leaving it with one, the driver logs what it
    thinks is a second. That of the commit is raised at the end of the pipeline."""
    cursor = _cursor()
    try:
        cursor.execute(text, _written(parameters))
        connection.connection.execute("COMMIT")
        cursor.fetchall()
    except (DatabaseError, psycopg.Error) as error:
        return error
    return None


def side_by_side(prefix: str, /, **types: str) -> str:
    """Arrays of one length as rows: `side_by_side("new", id="bigint")` is the column id of the parameter new_id.

    `FROM unnest(a, b)` keeps each array in a store of its own and joins them, which takes two to three times as long;
    like this they are read as they stand.
    """
    columns = (f"unnest(%({prefix}_{name})s::{kind}[]) AS {name}" for name, kind in types.items())
    return f"(SELECT {', '.join(columns)})"


def _written(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Lists become the text of an array: looking for the type of each, the driver takes as long as for all the rest.

    So every list is cast where it stands in a statement (`%(ids)s::bigint[]`), and holds values of one plain type.
    """
    return {name: _array(name, value) if type(value) is list else value for name, value in parameters.items()}


def _array(name: str, values: list[Any]) -> str:
    text = arrays.written(values)
    if text is None:
        raise TypeError(f"{name} mixes types, or holds some that core.arrays does not write")
    return text


class _Prepared(psycopg.Cursor[Row]):
    # pghistory puts its context before the text of a cursor without a name. A prepared statement is only one, and
    # these tables keep no history.
    name = "prepared"

    def execute(self, query: Any, params: Any = None, **how: Any) -> None:  # type: ignore[override]
        super().execute(query, params, prepare=True, **how)  # unless the setting prepare_threshold forbids it

    def _convert_query(self, query: Any, params: Any = None) -> Any:
        self._query = converted = super()._convert_query(query, params)  # where Django's log of statements reads it
        return converted


def _cursor() -> CursorWrapper:
    """Django's wrapper around it, so that errors are Django's and tests can count the statements."""
    connection.ensure_connection()
    raw: Any = _Prepared(connection.connection)
    return connection.make_debug_cursor(raw) if connection.queries_logged else connection.make_cursor(raw)
