"""The unit of work: one durable transaction per door verb, retried whole when the database asks for it.

    @door_verb
    def submit(*, order_id: int, actor: Actor, now: datetime) -> Submitted: ...

A door verb may not be called inside another. Specialists that must run inside somebody's transaction carry
`@require_uow`. A job (core.outbox) opens the unit itself and its one door verb joins it, so that the effect
and "done" are one commit.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar, overload

from django.db import (
    DEFAULT_DB_ALIAS,
    DatabaseError,
    IntegrityError,
    OperationalError,
    connections,
    transaction,
)
from django.db.backends.base.base import BaseDatabaseWrapper

from core import idempotency, locks, sql
from core.errors import Busy, DomainError

P = ParamSpec("P")
R = TypeVar("R")

MAX_ATTEMPTS = 4  # the call and at most 3 retries
RETRYABLE = {"40001": "serialization", "40P01": "deadlock", "55P03": "lock time-out"}
TIMED_OUT = "57014"


class OutsideUnitOfWork(RuntimeError):
    """A specialist verb was called without a transaction around it."""


class NestedDoorVerb(RuntimeError):
    """A door verb was called inside another: the inner commit would not be one."""


class Overtaken(Exception):
    """A statement left for the commit was refused: somebody else was faster. Nothing is written, and the door verb is
    called once more, its statements one by one."""


@dataclass(frozen=True)
class _Last:
    """The statement that goes with the commit, and the constraints that refuse it where somebody was faster."""

    text: str
    parameters: Mapping[str, Any]
    overtaken_on: frozenset[str]


@dataclass
class UnitOfWork:
    verb: str
    connection: BaseDatabaseWrapper  # looked up once: `django.db.connection` looks it up each time it is mentioned
    joinable: bool = False
    joined: bool = False
    memo: dict[Any, dict[int, Any]] = field(default_factory=dict)  # see core.memo
    leaves_last: bool = False  # a door that repeats the call when it is Overtaken
    last: _Last | None = None


_current: ContextVar[UnitOfWork | None] = ContextVar("unit_of_work", default=None)


def current() -> UnitOfWork | None:
    """The unit of work this code runs in, if any."""
    return _current.get()


def may_leave_last() -> bool:
    """Whether this unit of work takes a statement for its commit: a door's own transaction, its first attempt, and no
    other around it (a test's)."""
    unit = _current.get()
    return unit is not None and unit.leaves_last and unit.last is None and not unit.connection.savepoint_ids


def leave_last(text: str, parameters: Mapping[str, Any], *, overtaken_on: Iterable[str]) -> None:
    """Send the statement and COMMIT as one message: who waits for a row it locks waits for no other round trip, and not
    until this process has its turn again.

    It must end in an error where it may not be committed: one of the constraints `overtaken_on` means Overtaken.
    What else is asked of the database first, is asked after it: then it is sent at once. Only if `may_leave_last`.
    """
    unit = _current.get()
    assert unit is not None
    unit.last = _Last(text, parameters, frozenset(overtaken_on))
    unit.connection.execute_wrappers.append(_last_first)


def _last_first(execute: Callable[..., Any], *asked: Any) -> Any:
    if last := _take_last():
        _send(last, sql.rows)
    return execute(*asked)


def _take_last() -> _Last | None:
    """Left, and not sent yet."""
    unit = _current.get()
    if unit is None or unit.last is None:
        return None
    unit.connection.execute_wrappers.remove(_last_first)  # it stands there from when the statement was left
    last, unit.last = unit.last, None
    return last


def _send(last: _Last, ask: Callable[[str, Mapping[str, Any]], object]) -> None:
    try:
        ask(last.text, last.parameters)
    except IntegrityError as error:
        if constraint_of(error) in last.overtaken_on:
            raise Overtaken from error
        raise


@contextmanager
def unit_of_work(verb: str, *, joinable: bool = False, leaves_last: bool = False) -> Iterator[UnitOfWork]:
    """One durable transaction with an empty lock ladder. Door verbs and the job runner only."""
    if _current.get() is not None:
        raise NestedDoorVerb(f"{verb} inside {_current.get()}")
    ours = connections[DEFAULT_DB_ALIAS]
    unit = UnitOfWork(verb, ours, joinable, leaves_last=leaves_last)
    token, ladder = _current.set(unit), locks.begin(ours)
    try:
        with transaction.atomic(durable=True):
            yield unit
            if last := _take_last():
                _send(last, sql.run_and_commit)
    finally:
        _take_last()
        locks.end(ladder)
        _current.reset(token)


def require_uow(verb: Callable[P, R]) -> Callable[P, R]:
    """Refuse to run without a unit of work: the caller owns the transaction and the lock order."""

    @wraps(verb)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        if _current.get() is None:
            raise OutsideUnitOfWork(f"{verb.__module__}.{verb.__qualname__} needs a unit of work")
        return verb(*args, **kwargs)

    return call


@overload
def door_verb(verb: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def door_verb(
    *, refuse_on: Mapping[str, type[DomainError]] | None = None, joinable: bool = False
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def door_verb(
    verb: Any = None, /, *, refuse_on: Mapping[str, type[DomainError]] | None = None, joinable: bool = False
) -> Any:
    """Make a service a door verb.

    `refuse_on` maps a constraint's name to the refusal it means. `joinable` lets one other door verb join this one's
    transaction, for a verb that carries out another room's.
    """
    if verb is None:
        return lambda wrapped: _door(wrapped, refuse_on or {}, joinable)
    return _door(verb, {}, joinable=False)


def _door(verb: Callable[P, R], refuse_on: Mapping[str, type[DomainError]], joinable: bool) -> Callable[P, R]:
    name = f"{verb.__module__}.{verb.__qualname__}"

    @wraps(verb)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        unit = _current.get()
        if unit is not None and unit.joinable and not unit.joined:
            unit.joined = True
            with _refusing(refuse_on):
                return verb(*args, **kwargs)
        claim = idempotency.take_pending()

        def once(*, leaves_last: bool) -> R:
            with unit_of_work(name, joinable=joinable, leaves_last=leaves_last):
                if claim is None:
                    return verb(*args, **kwargs)
                return idempotency.first_or_again(claim, verb, args, kwargs)

        def twice() -> R:
            try:
                return retrying(partial(once, leaves_last=True))
            except Overtaken:
                return retrying(partial(once, leaves_last=False))

        try:
            if not refuse_on:
                return twice()
            with _refusing(refuse_on):  # a deferred constraint speaks only at the commit
                return twice()
        except DomainError as refusal:
            if claim is not None and not isinstance(refusal, Busy | idempotency.KeyRefusal):
                idempotency.remember_refusal(claim, refusal)
            raise

    return call


def retrying(call: Callable[[], R]) -> R:
    """`call()`, again at most 3 times after a deadlock, serialization failure or lock time-out; then Busy."""
    for attempt in range(1, MAX_ATTEMPTS + 1):
        try:
            return call()
        except OperationalError as error:
            _pause_or_give_up(error, attempt)
    raise AssertionError("unreachable: the last attempt either returns or raises")


def _pause_or_give_up(error: OperationalError, attempt: int) -> None:
    state = sqlstate(error)
    if state == TIMED_OUT or (state in RETRYABLE and attempt == MAX_ATTEMPTS):
        raise Busy(cause=RETRYABLE.get(state, "statement time-out"), attempts=attempt) from error
    if state not in RETRYABLE:
        raise error
    time.sleep(random.uniform(0.005, 0.02) * 2**attempt)


@contextmanager
def _refusing(refuse_on: Mapping[str, type[DomainError]]) -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        refusal = refuse_on.get(constraint_of(error))
        if refusal is None:
            raise
        raise refusal(constraint=constraint_of(error)) from error


def sqlstate(error: DatabaseError) -> str:
    return getattr(error.__cause__, "sqlstate", None) or ""


def rule_of(error: DatabaseError) -> str:
    """The rule of the database that was broken, in words: constraints are named as sentences."""
    detail = getattr(getattr(error.__cause__, "diag", None), "message_detail", None) or ""
    return f"{(constraint_of(error) or 'a value is missing').replace('_', ' ')} {detail}".strip().rstrip(".")


def constraint_of(error: DatabaseError) -> str:
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None) or ""
