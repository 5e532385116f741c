"""Hot statements: the server keeps their plan, and several that do not need each other's answers share a round trip.

For the few that run with every claim. All others go through the ORM or `connection.cursor()`, which sends their
parameters inside the text and has them parsed and planned every time.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from time import monotonic
from typing import Any, Generic, NamedTuple, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections

from core import arrays, wire
from core.wire import Row

T = TypeVar("T")
LONG = 500  # values of a list from which on a plan made for it is worth its millisecond


class Statement(NamedTuple, Generic[T]):
    """A question and how its rows are read. The text must be one of few: each is prepared once per connection."""

    text: str
    parameters: Mapping[str, Any]
    read: Callable[[list[Row]], T]


def rows(text: str, parameters: Mapping[str, Any]) -> list[Row]:
    """One round trip."""
    return _asked([(text, parameters)])[0]


def run(text: str, parameters: Mapping[str, Any]) -> None:
    """One that answers nothing, in one round trip."""
    _asked([(text, parameters)])


def answer(statement: Statement[T]) -> T:
    return statement.read(rows(statement.text, statement.parameters))


def answers(*statements: Statement[Any]) -> list[Any]:
    """What each reads, in the order asked: one round trip for all. Each sees what was committed when its turn came."""
    found = _asked([(statement.text, statement.parameters) for statement in statements])
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
    _asked([(text, parameters)], commits=True)


def side_by_side(prefix: str, /, **types: str) -> str:
    """Arrays of one length as rows: `side_by_side("new", id="bigint")` is the column id of the parameter new_id.

    `FROM unnest(a, b)` keeps each array in a store of its own and joins them, which takes two to three times as long;
    like this they are read as they stand.
    """
    columns = (f"unnest(%({prefix}_{name})s::{kind}[]) AS {name}" for name, kind in types.items())
    return f"(SELECT {', '.join(columns)})"


def one_row(prefix: str, /, **types: str) -> str:
    """The same columns where there is one row, of plain parameters (`arrays.plain_text`). For a claim of one line, reading
    thirty arrays of one value took the server and the driver a tenth of their time."""
    return f"(SELECT {', '.join(f'%({prefix}_{name})s::{kind} AS {name}' for name, kind in types.items())})"


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


def _asked(statements: Sequence[wire.Asked], *, commits: bool = False) -> list[list[Row]]:
    """As Django's cursors would ask: errors are its own, whoever wraps or counts statements is told of each."""
    ours = connections[DEFAULT_DB_ALIAS]  # looked up once: `connection` looks it up each time it is mentioned
    if ours.connection is None:
        ours.ensure_connection()
    asked: list[wire.Asked] = [(text, _written(parameters)) for text, parameters in statements]
    if ours.execute_wrappers:
        asked = [_wrapped(*one) for one in asked]
    if ours.needs_rollback:
        ours.validate_no_broken_transaction()
    raw = ours.connection
    is_prepared = raw.prepare_threshold is not None
    with ours.wrap_database_errors:
        if not ours.queries_logged:
            return wire.exchange(raw, asked, is_prepared=is_prepared, commits=commits)
        with _logged(asked):
            return wire.exchange(raw, asked, is_prepared=is_prepared, commits=commits)


class _Named:
    """What a wrapper sees as the cursor. pghistory puts its context before the text of one without a name; a prepared
    statement is only one, and these tables keep no history."""

    name = "prepared"


def _wrapped(text: str, parameters: Mapping[str, Any]) -> wire.Asked:
    seen: list[wire.Asked] = []

    def execute(text: str, parameters: Mapping[str, Any], many: bool, context: Any) -> None:
        seen.append((text, parameters))

    call: Callable[..., Any] = execute
    for wrapper in reversed(connection.execute_wrappers):
        call = partial(wrapper, call)
    call(text, parameters, False, {"connection": connection, "cursor": _Named})
    (asked,) = seen
    return asked


@contextmanager
def _logged(asked: Sequence[wire.Asked]) -> Iterator[None]:
    """Where Django counts statements (tests, DEBUG): all of a message with the time of the message."""
    began = monotonic()
    try:
        yield
    finally:
        took = f"{monotonic() - began:.3f}"
        connection.queries_log.extend({"sql": text, "time": took} for text, _ in asked)
