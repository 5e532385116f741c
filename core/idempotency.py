"""Do it once, answer twice: a key, the body's hash and the stored result, in the effect's own transaction.

    outcome = run_once(Claim("orders.submit", owner="user:7", key=header, body_hash=h), submit, order_id=…, …)

The key's INSERT is the first statement of the transaction, so a twin waits for the first and then gets its
answer. Success and business refusals are stored; faults are not. Another body under the same key is refused
(422).
"""

import hashlib
import json
import typing
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar

from django.db import connection, transaction

from core import codec, locks
from core.errors import DomainError, FieldError, InvalidInput
from core.models import IdempotencyKey

P = ParamSpec("P")
R = TypeVar("R")
LONGEST_KEY = 200


class KeyRefusal(DomainError):
    """The key itself is the problem, so nothing is stored under it."""

    status = 422


class KeyReused(KeyRefusal):
    template = "The idempotency key {key!r} was used before with a different request."
    remedy_template = "Send a new key for a new request."


class KeyInvalid(KeyRefusal):
    template = "An idempotency key has 1 to 200 characters."
    remedy_template = "Send a UUID."


class StoredRefusal(DomainError):
    """The refusal this key got the first time, told again with its first code, status and words.

    `errors` are the first answer's bad values (see InvalidInput), mostly none.
    """

    def __init__(self, stored: Mapping[str, Any]) -> None:
        # Shadowing the class's own: doors read `code` and `status` of any refusal without asking which it is.
        self.status = int(stored["status"])  # type: ignore[misc]
        self.code = str(stored["code"])  # type: ignore[misc]
        self._message, self._remedy = str(stored["message"]), str(stored["remedy"])
        self.errors = tuple(FieldError(**e) for e in stored.get("errors", ()))
        super().__init__(**stored["data"])

    @property
    def message(self) -> str:
        return self._message

    @property
    def remedy(self) -> str:
        return self._remedy


@dataclass(frozen=True)
class Claim:
    """`scope` is the verb, `owner` who may reuse the key ("user:7", "partner:3")."""

    scope: str
    owner: str
    key: str
    body_hash: str


@dataclass(frozen=True)
class Once(Generic[R]):
    result: R
    replayed: bool


@dataclass
class _Pending:
    claim: Claim
    replayed: bool = False


_pending: ContextVar[_Pending | None] = ContextVar("pending_idempotency_claim", default=None)
_active: ContextVar[_Pending | None] = ContextVar("active_idempotency_claim", default=None)


def hash_body(body: Any) -> str:
    """A stable hash of anything JSON-able (or bytes)."""
    raw = body if isinstance(body, bytes) else json.dumps(codec.dump(body), sort_keys=True).encode()
    return hashlib.sha256(raw).hexdigest()


def run_once(claim: Claim, verb: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Once[R]:
    """Call the door verb under the claim; `replayed` says the answer is the first call's."""
    if not 1 <= len(claim.key) <= LONGEST_KEY:
        raise KeyInvalid(key=claim.key[:20])
    pending = _Pending(claim)
    armed, active = _pending.set(pending), _active.set(pending)
    try:
        return Once(verb(*args, **kwargs), pending.replayed)
    finally:
        _pending.reset(armed)
        _active.reset(active)


def take_pending() -> Claim | None:
    """The claim `run_once` armed, once: the door verb it calls takes it, nothing else does."""
    pending = _pending.get()
    if pending is None:
        return None
    _pending.set(None)
    return pending.claim


def first_or_again(claim: Claim, verb: Callable[..., R], args: Any, kwargs: Mapping[str, Any]) -> R:
    """Inside the verb's transaction: claim the key, run and store; or give the stored answer."""
    locks.climb(locks.Rank.IDEMPOTENCY, [f"{claim.scope}|{claim.owner}|{claim.key}"])
    if not _insert(claim):
        return _again(claim, verb)
    result = verb(*args, **kwargs)
    _store(claim, "done", codec.dump(result))
    return result


def remember_refusal(claim: Claim, refusal: DomainError) -> None:
    """After the rollback: the same key gets the same refusal again."""
    stored = {
        "code": refusal.code,
        "status": refusal.status,
        "message": refusal.message,
        "remedy": refusal.remedy,
        "data": _plain(refusal.data),
        "errors": codec.dump(refusal.errors) if isinstance(refusal, InvalidInput) else [],
    }
    with transaction.atomic():
        if _insert(claim):
            _store(claim, "refused", stored)


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    def safe(value: Any) -> Any:
        try:
            return codec.dump(value)
        except TypeError:
            return str(value)

    return {k: safe(v) for k, v in data.items()}


def _again(claim: Claim, verb: Callable[..., R]) -> R:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT body_hash, state, result FROM core_idempotencykey WHERE scope = %s AND owner = %s AND key = %s",
            [claim.scope, claim.owner, claim.key],
        )
        body_hash, state, raw = cursor.fetchone()
    if body_hash != claim.body_hash:
        raise KeyReused(key=claim.key)
    stored = json.loads(raw) if isinstance(raw, str) else raw
    if active := _active.get():
        active.replayed = True
    if state == "refused":
        raise StoredRefusal(stored)
    return codec.load(typing.get_type_hints(verb).get("return", Any), stored)


def _insert(claim: Claim) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_idempotencykey (scope, owner, key, body_hash, state, result, created_at) "
            "VALUES (%s, %s, %s, %s, 'running', 'null', now()) "
            "ON CONFLICT (scope, owner, key) DO NOTHING RETURNING 1",
            [claim.scope, claim.owner, claim.key, claim.body_hash],
        )
        return cursor.fetchone() is not None


def _store(claim: Claim, state: str, result: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_idempotencykey SET state = %s, result = %s WHERE scope = %s AND owner = %s AND key = %s",
            [state, json.dumps(result), claim.scope, claim.owner, claim.key],
        )


def is_done(claim: Claim) -> bool:
    """Whether the key's call was carried out: a form sent again is then answered as before, whatever is open by now."""
    rows = IdempotencyKey.objects.filter(scope=claim.scope, owner=claim.owner, key=claim.key, state="done")
    return bool(claim.key) and rows.exists()
