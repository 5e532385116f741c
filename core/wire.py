"""Several statements to PostgreSQL and their answers: one message there, one back.

The driver's own pipeline sends statement by statement and waits for the socket between them: a claim woke this process
and the server's some fifteen times, which took longer than all it had to say. Its bookkeeping of prepared statements
forgets them all at every ROLLBACK, so that after a refusal each was planned anew. Here they are kept while the
connection lasts. Below `core.sql`, which is what rooms use.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import psycopg
from psycopg import abc, adapt, pq
from psycopg.errors import error_from_result
from psycopg.waiting import Ready, Wait

Row = tuple[Any, ...]
Asked = tuple[str, Mapping[str, Any]]
MOST_KEPT = 300  # plans on one connection; then it starts anew

_Known = tuple[bytes, tuple[int, ...]]  # a statement as the server numbers it, and the types of its parameters
_names: WeakKeyDictionary[Any, dict[_Known, bytes]] = WeakKeyDictionary()
_numbers = count()  # no name is given twice: what the server still keeps is never taken for something else


def exchange(
    connection: psycopg.Connection[Any], asked: Sequence[Asked], *, is_prepared: bool = True, commits: bool = False
) -> list[list[Row]]:
    """The rows of each statement. A transaction begins with them where one is due; with `commits` it ends with them.

    After an error nothing that follows is done, COMMIT neither. Raises the driver's error of the statement that failed.
    """
    written = [_Written.of(connection, *one) for one in asked]
    with connection.lock:
        message = _Message(connection, is_prepared, _names.setdefault(connection, {}))
        return connection.wait(message.sent(written, commits))


def _rows(transformer: abc.Transformer, result: pq.abc.PGresult) -> list[Row]:
    if result.status != pq.ExecStatus.TUPLES_OK:
        return []
    transformer.set_pgresult(result)
    found: list[Row] = transformer.load_rows(0, result.ntuples, tuple)
    return found


class _Written(NamedTuple):
    """A statement as the driver takes it, and who reads its rows."""

    transformer: abc.Transformer
    query: bytes
    values: Sequence[abc.Buffer | None]
    types: tuple[int, ...]
    formats: Sequence[pq.Format] | None

    @classmethod
    def of(cls, connection: psycopg.Connection[Any], text: str, parameters: Mapping[str, Any]) -> "_Written":
        transformer = adapt.Transformer(connection)
        query, order = _numbered(text)
        values = transformer.dump_sequence([parameters[name] for name in order], [adapt.PyFormat.AUTO] * len(order))
        return cls(transformer, query, values, transformer.types or (), transformer.formats)


@dataclass
class _Message:
    """What is sent together. `due` is per statement what its result is for: an answer, a plan that is kept, or neither."""

    connection: psycopg.Connection[Any]
    is_prepared: bool
    names: dict[_Known, bytes]
    fresh: dict[_Known, bytes] = field(default_factory=dict)
    due: list[abc.Transformer | _Known | None] = field(default_factory=list)
    failed: Exception | None = None

    def sent(self, asked: Sequence[_Written], commits: bool) -> abc.PQGen[list[list[Row]]]:
        server, is_whole = self.connection.pgconn, False
        server.enter_pipeline_mode()
        try:
            self._write(asked, commits)
            yield from _flushed(server)
            found = yield from self._answers()
            is_whole = True
        finally:
            if is_whole:
                server.exit_pipeline_mode()
            else:  # stopped in the middle (a job's time is up): answers that come later would be taken for others'
                server.finish()
        if self.failed is not None:
            raise self.failed
        return found

    def _write(self, asked: Sequence[_Written], commits: bool) -> None:
        """Into the driver's memory; nothing goes out before it is flushed."""
        server = self.connection.pgconn
        if not self.connection.autocommit and server.transaction_status == pq.TransactionStatus.IDLE:
            self._command(b"BEGIN")
        if len(self.names) > MOST_KEPT:  # after BEGIN: what comes before it opens a transaction that an error would end
            self.names.clear()
            self._command(b"DEALLOCATE ALL")
        for one in asked:
            self._ask(one)
        if commits:
            self._command(b"COMMIT")
        server.pipeline_sync()

    def _command(self, text: bytes) -> None:
        self.connection.pgconn.send_query_params(text, None)
        self.due.append(None)

    def _ask(self, one: _Written) -> None:
        server = self.connection.pgconn
        if self.is_prepared:
            server.send_query_prepared(self._name_of(one.query, one.types), one.values, one.formats)
        else:
            server.send_query_params(one.query, one.values, one.types, one.formats)
        self.due.append(one.transformer)

    def _name_of(self, query: bytes, types: tuple[int, ...]) -> bytes:
        known = query, types
        name = self.names.get(known) or self.fresh.get(known)
        if name is None:
            name = self.fresh[known] = b"holdfast_%d" % next(_numbers)
            self.connection.pgconn.send_prepare(name, query, types)
            self.due.append(known)
        return name

    def _answers(self) -> abc.PQGen[list[list[Row]]]:
        """All that comes back is read, also after an error: the connection goes on. Rows are made as they come, while the
        server is at the next statement."""
        server = self.connection.pgconn
        found: list[list[Row]] = []
        for what in self.due:
            result = yield from _next(server)
            if result.status == pq.ExecStatus.FATAL_ERROR:  # the only one: what follows is not begun
                self.failed = error_from_result(result, encoding=self.connection.info.encoding)
                if isinstance(self.failed, psycopg.errors.InvalidSqlStatementName):
                    self.names.clear()  # somebody deallocated them: this is told once, not for the connection's life
            elif isinstance(what, tuple):
                if result.status == pq.ExecStatus.COMMAND_OK:
                    self.names[what] = self.fresh[what]
            elif what is not None:
                try:
                    found.append(_rows(what, result))
                except psycopg.Error as unreadable:  # a day Python does not know
                    self.failed = unreadable
            yield from _next(server)  # nothing: the end of this one
        yield from _next(server)  # the end of the message
        return found


def _flushed(server: pq.abc.PGconn) -> abc.PQGen[None]:
    while server.flush():
        ready = yield Wait.RW
        if ready & Ready.R:  # a server that cannot be rid of its answers reads no more of what is asked
            server.consume_input()


def _next(server: pq.abc.PGconn) -> abc.PQGen[Any]:
    while server.is_busy():
        yield Wait.R
        server.consume_input()
    return server.get_result()


_PLACE = re.compile(r"%(?:%|\((\w+)\)s)")


@lru_cache(maxsize=1000)
def _numbered(text: str) -> tuple[bytes, tuple[str, ...]]:
    """The text as the server numbers its parameters ($1), and their names in that order."""
    order: dict[str, int] = {}

    def numbered(place: re.Match[str]) -> str:
        name = place[1]
        return "%" if name is None else f"${order.setdefault(name, len(order) + 1)}"

    return _PLACE.sub(numbered, text).encode(), tuple(order)
