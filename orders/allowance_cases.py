"""What keeps products of an order's lines from its customer, and whether anybody may set that aside."""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.queries import account_snapshots
from catalog.rules.asks import Violation
from core.clock import company_day
from core.errors import NotFound, Refused
from core.quantity import plain
from orders.gates import local_day, priced, violations_of
from orders.queries import pictures
from orders.rules.picture import LinePicture, OrderPicture

ELIGIBILITY_APPROVAL = "eligibility"  # accounts.approvals.request(kind=…)


class NothingForbids(Refused):
    template = "Nothing keeps line {line_no} of {number} from its customer."
    remedy_template = "Submit the order."


class NotToBeSetAside(Refused):
    template = "{message} Nobody of the house sets that aside."
    remedy_template = "Remove the line, or get what is missing (a licence, an open account, a product that is sold)."


@dataclass(frozen=True)
class AllowanceCase:
    """A line with what stands against it, at today's price."""

    order: OrderPicture
    line: LinePicture
    against: tuple[Violation, ...]

    @property
    def rules(self) -> tuple[str, ...]:
        return tuple(sorted({v.rule for v in self.against}))

    @property
    def is_final(self) -> bool:
        """The law, a product that is not sold, an account that may not buy: nobody's to set aside."""
        return any(v.is_final for v in self.against)

    @property
    def words(self) -> str:
        return "; ".join(v.message for v in self.against)

    @property
    def hash(self) -> str:
        """Which product, how many, against which authorizations: change any, and the approval no longer counts."""
        body = [self.order.order_id, self.line.line_no, self.line.product_id, plain(self.line.qty), self.rules]
        return hashlib.sha256(json.dumps(body, separators=(",", ":")).encode()).hexdigest()

    @property
    def content(self) -> dict[str, str | int]:
        """As an approval shows it."""
        return {
            "part": f"allow {self.line.line_no}",
            "line_no": self.line.line_no,
            "sku": self.line.name,
            "qty": plain(self.line.qty),
            "against": self.words,
        }


def allowance_cases(order_id: int, line_nos: Collection[int], *, now: datetime) -> dict[int, AllowanceCase]:
    """By line number. The same number of statements for any number of lines. Raises NotFound (the order or a line),
    NothingForbids, NotToBeSetAside."""
    order = pictures([order_id]).get(order_id)
    known_lines = {x.line_no for x in order.lines} if order else set()
    for line_no in line_nos:
        if line_no not in known_lines:
            raise NotFound(kind="order line", ident=line_no)
    if order is None:
        raise NotFound(kind="order", ident=order_id)
    against = forbidden_lines(order, now=now)
    for line_no in line_nos:
        if line_no not in against:
            raise NothingForbids(line_no=line_no, number=order.number)
        _refuse_final(against[line_no].against)
    return {line_no: against[line_no] for line_no in line_nos}


def forbidden_lines(order: OrderPicture, *, now: datetime) -> dict[int, AllowanceCase]:
    """Every line something stands against, also what nobody may set aside."""
    known = account_snapshots([order.account_id], on=company_day(now))
    against = violations_of([order], known, now=now).get(order.order_id, {})
    if not against:
        return {}
    order, _ = priced(order, on=local_day(now, known.get(order.account_id)))
    return {x.line_no: AllowanceCase(order, x, tuple(found)) for x in order.lines if (found := against.get(x.line_no))}


def _refuse_final(against: Sequence[Violation]) -> None:
    for violation in against:
        if violation.is_final:
            raise NotToBeSetAside(message=violation.message)
