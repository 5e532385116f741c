"""Several statements to PostgreSQL and their answers: one message there, one back.

The driver's own pipeline sends statement by statement and waits for the socket between them: a claim woke this process
and the server's some fifteen times, which took longer than all it had to say. Its bookkeeping of prepared statements
forgets them all at every ROLLBACK, so that after a refusal each was planned anew. Here they are kept while the
connection lasts. Below `core.sql`, which is what rooms use.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import count
from typing import Any, NamedTuple

import psycopg
from psycopg import abc, adapt, pq
from psycopg.errors import error_from_result
from psycopg.waiting import Ready, Wait

Row = tuple[Any, ...]
Asked = tuple[str, Mapping[str, Any]]
MOST_KEPT = 300  # plans on one connection; then it starts anew

_Known = tuple[bytes, tuple[int, ...]]  # a statement as the server numbers it, and the types of its parameters
_numbers = count()  # no name is given twice: what the server still keeps is never taken for something else


def exchange(
    connection: psycopg.Connection[Any], asked: Sequence[Asked], *, is_prepared: bool = True, commits: bool = False
) -> list[list[Row]]:
    """The rows of each statement. A transaction begins with them where one is due; with `commits` it ends with them.

    After an error nothing that follows is done, COMMIT neither. Raises the driver's error of the statement that failed.
    """
    with connection.lock:
        kept = kept_on(connection)
        written = [_written(kept.transformer, text, parameters) for text, parameters in asked]
        return connection.wait(_Message(connection, kept, is_prepared).sent(written, commits))


class Kept(NamedTuple):
    """What stays with a connection: who writes values and reads rows, with what it has learnt of their types, and the
    names of the plans the server keeps."""

    transformer: abc.Transformer
    names: dict[_Known, bytes]


def kept_on(connection: psycopg.Connection[Any]) -> Kept:
    """It lies on the connection itself, which it names in turn: a table beside would keep every connection for ever."""
    found = vars(connection)
    kept: Kept | None = found.get("_holdfast_kept")
    if kept is None:
        kept = found["_holdfast_kept"] = Kept(adapt.Transformer(connection), {})
    return kept


class _Written(NamedTuple):
    """A statement as the driver takes it."""

    known: _Known
    values: Sequence[abc.Buffer | None]
    formats: Sequence[pq.Format] | None


def _written(transformer: abc.Transformer, text: str, parameters: Mapping[str, Any]) -> _Written:
    query, order, formats = _numbered(text)
    values = transformer.dump_sequence([parameters[name] for name in order], formats)
    return _Written((query, transformer.types or ()), values, transformer.formats)


def _rows(transformer: abc.Transformer, result: pq.abc.PGresult) -> list[Row]:
    if result.status != pq.ExecStatus.TUPLES_OK:
        return []
    count = result.ntuples
    if not count:
        return []
    transformer.set_pgresult(result)
    found: list[Row] = transformer.load_rows(0, count, tuple)
    transformer.set_pgresult(None)  # it stays, its result need not
    return found


class _Message:
    """What is sent together. `due` is per statement what its result is for: an answer, a plan that is kept, or neither."""

    def __init__(self, connection: psycopg.Connection[Any], kept: Kept, is_prepared: bool) -> None:
        self.connection = connection
        self.kept = kept
        self.is_prepared = is_prepared
        self.fresh: dict[_Known, bytes] = {}
        self.due: list[_Known | bool] = []
        self.failed: Exception | None = None

    def sent(self, asked: Sequence[_Written], commits: bool) -> abc.PQGen[list[list[Row]]]:
        server, is_whole = self.connection.pgconn, False
        server.enter_pipeline_mode()
        try:
            self._write(asked, commits)
            while server.flush():
                ready = yield Wait.RW
                if ready & Ready.R:  # a server that cannot be rid of its answers reads no more of what is asked
                    server.consume_input()
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
        if (
            len(self.kept.names) > MOST_KEPT
        ):  # after BEGIN: what comes before it opens a transaction that an error would end
            self.kept.names.clear()
            self._command(b"DEALLOCATE ALL")
        for known, values, formats in asked:
            if self.is_prepared:
                name = self.kept.names.get(known) or self.fresh.get(known) or self._prepared(known)
                server.send_query_prepared(name, values, formats)
            else:
                server.send_query_params(known[0], values, known[1], formats)
            self.due.append(True)
        if commits:
            self._command(b"COMMIT")
        server.pipeline_sync()

    def _command(self, text: bytes) -> None:
        self.connection.pgconn.send_query_params(text, None)
        self.due.append(False)

    def _prepared(self, known: _Known) -> bytes:
        name = self.fresh[known] = b"holdfast_%d" % next(_numbers)
        self.connection.pgconn.send_prepare(name, *known)
        self.due.append(known)
        return name

    def _answers(self) -> abc.PQGen[list[list[Row]]]:
        """All that comes back is read, also after an error: the connection goes on. Rows are made as they come, while the
        server is at the next statement. After each result comes an empty one, and after all of them the message's end."""
        server = self.connection.pgconn
        found: list[list[Row]] = []
        for what in (*self.due, None):
            while server.is_busy():
                yield Wait.R
                server.consume_input()
            result = server.get_result()
            if what is None:
                break
            self._take(what, result, found)
            while server.is_busy():
                yield Wait.R
                server.consume_input()
            server.get_result()
        return found

    def _take(self, what: _Known | bool, result: Any, found: list[list[Row]]) -> None:
        if result.status == pq.ExecStatus.FATAL_ERROR:  # the only one: what follows is not begun
            self.failed = error_from_result(result, encoding=self.connection.info.encoding)
            if isinstance(self.failed, psycopg.errors.InvalidSqlStatementName):
                self.kept.names.clear()  # somebody deallocated them: this is told once, not for the connection's life
        elif what is True:
            try:
                found.append(_rows(self.kept.transformer, result))
            except psycopg.Error as unreadable:  # a day Python does not know
                self.failed = unreadable
        elif what and result.status == pq.ExecStatus.COMMAND_OK:
            self.kept.names[what] = self.fresh[what]


_PLACE = re.compile(r"%(?:%|\((\w+)\)s)")


@lru_cache(maxsize=1000)
def _numbered(text: str) -> tuple[bytes, tuple[str, ...], list[adapt.PyFormat]]:
    """The text as the server numbers its parameters ($1), their names in that order, and that the driver may choose how
    each is written."""
    order: dict[str, int] = {}

    def numbered(place: re.Match[str]) -> str:
        name = place[1]
        return "%" if name is None else f"${order.setdefault(name, len(order) + 1)}"

    query = _PLACE.sub(numbered, text).encode()
    return query, tuple(order), [adapt.PyFormat.AUTO] * len(order)
