"""The KPIs, each defined once: what is counted, against what, and which way is good. Source: domain.md §13."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

WINDOWS = (7, 30, 90)  # days the dashboard and its lists may look back over
WINDOW = timedelta(days=30)


def window(asked: str | None) -> timedelta:
    """The window an address asks for; anything else is the usual one."""
    return timedelta(days=int(asked)) if asked in {str(days) for days in WINDOWS} else WINDOW


@dataclass(frozen=True)
class Definition:
    """`unit` is "%", "h", "days", "money" or "" (a count); `higher_is_better` says which way the target looks."""

    code: str
    label: str
    unit: str
    target: Decimal
    higher_is_better: bool
    text: str
    of: str


@dataclass(frozen=True)
class Measured:
    """A KPI's raw material. `value` is None when nothing was counted: no data is not zero."""

    value: Decimal | None
    numerator: Decimal
    denominator: Decimal
    count: int


@dataclass(frozen=True)
class Kpi:
    """A KPI of a period. `trend` is the change against the period of equal length before, in the same unit."""

    code: str
    label: str
    value: Decimal | None
    unit: str
    count: int
    of: str
    target: Decimal
    higher_is_better: bool
    trend: Decimal | None
    definition: str
    numerator: Decimal
    denominator: Decimal

    @property
    def is_on_target(self) -> bool | None:
        if self.value is None:
            return None
        return self.value >= self.target if self.higher_is_better else self.value <= self.target

    @property
    def is_improving(self) -> bool | None:
        if not self.trend:
            return None
        return (self.trend > 0) == self.higher_is_better


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        "perfect_order",
        "Perfect order rate",
        "%",
        Decimal(95),
        True,
        "Finished orders whose every line shipped by its first promised date and in full, whose every shipment has its "
        "invoice, none of them disputed, whose ship notices (ASN) were there and right, and with no damage noted; of all "
        "orders that finished shipping in the period.",
        "finished orders",
    ),
    Definition(
        "on_time", "On time to promise", "%", Decimal(97), True,
        "Finished orders whose every line shipped by its first promised date; a line never promised does not count against "
        "it.", "finished orders",
    ),
    Definition(
        "in_full", "In full", "%", Decimal(97), True,
        "Finished orders whose every line shipped the quantity ordered; a line cut short counts against it.",
        "finished orders",
    ),
    Definition(
        "right_documents", "Right documents", "%", Decimal(99), True,
        "Finished orders where every shipment has its invoice, no invoice was disputed, and no ship notice (ASN) was "
        "missing or differed from its shipment.", "finished orders",
    ),
    Definition(
        "undamaged", "Undamaged", "%", Decimal(99), True,
        "Finished orders without damage noted at delivery or return.", "finished orders",
    ),
    Definition(
        "cycle_time_median", "Order cycle time, median", "h", Decimal(24), False,
        "Hours from the purchase order's receipt to its last shipment, holds included: half of the finished orders took "
        "no longer.", "finished orders",
    ),
    Definition(
        "cycle_time_p90", "Order cycle time, 90th percentile", "h", Decimal(72), False,
        "Hours from the purchase order's receipt to its last shipment, holds included: nine of ten finished orders took "
        "no longer.", "finished orders",
    ),
    Definition(
        "backorder", "Backorder rate", "%", Decimal(4), False,
        "Lines not fully allocated when their order was first released, of all lines first released in the period.",
        "released lines",
    ),
    Definition(
        "fill", "Unit fill rate", "%", Decimal(97), True,
        "Units that left with an order's first shipment, of the units ordered, for orders finished in the period.",
        "units ordered",
    ),
    Definition(
        "rep_adoption", "Sales-rep adoption", "%", Decimal(80), True,
        "Orders reps entered themselves through the app (API or portal), of all orders placed by a rep for an account.",
        "rep orders",
    ),
    Definition(
        "cycle_time_net_median", "Cycle time without holds, median", "h", Decimal(24), False,
        "The same hours less those in which a hold stood on the order; hours under two holds count once.",
        "finished orders",
    ),
)  # fmt: skip

# Kept by day (reporting.models.KpiDay) and added up over a period.
BUILT: tuple[Definition, ...] = (
    Definition(
        "otif", "On time in full", "%", Decimal(95), True,
        "Finished orders whose every line shipped by its first promised date and in full.", "finished orders",
    ),
    Definition(
        "line_fill", "Line fill rate", "%", Decimal(97), True,
        "Lines that left whole with their order's first shipment, of the lines of orders finished in the period.", "lines",
    ),
    Definition(
        "order_fill", "Order fill rate", "%", Decimal(93), True,
        "Finished orders that left whole with one shipment.", "finished orders",
    ),
    Definition(
        "value_fill", "Value fill rate", "%", Decimal(97), True,
        "Money at the locked price that left with an order's first shipment, of the money ordered.", "finished orders",
    ),
    Definition(
        "service_on_time", "On time against contracts", "%", Decimal(100), True,
        "Lines that left by their first promised date, of as many as the customers' contracts promise, for orders finished "
        "in the period; 100 % is exactly what was promised.", "lines under contract",
    ),
    Definition(
        "service_fill", "Filled against contracts", "%", Decimal(100), True,
        "Units that left with their order's first shipment, of as many as the customers' contracts promise, for orders "
        "finished in the period; 100 % is exactly what was promised.", "lines under contract",
    ),
    Definition(
        "late_penalties", "Penalties for late lines", "money", Decimal(0), False,
        "What contracts ask for lines that left after their first promised date, a line and a day, for orders finished in "
        "the period; the currency with most of it.", "late lines",
    ),
    Definition(
        "commission_accuracy", "Commission accuracy", "%", Decimal(99), True,
        "One less the disputed lines of the lines on commission statements paid in the period.", "paid lines",
    ),
    Definition(
        "ship_to_invoice", "Shipped to invoiced, mean", "h", Decimal(4), False,
        "Hours from the shipment to its invoice, for invoices of one shipment issued in the period.", "invoices",
    ),
    Definition(
        "disputed_invoices", "Disputed invoices", "%", Decimal(2), False,
        "Invoices issued in the period that were disputed at any time since.", "invoices",
    ),
    Definition(
        "earned_to_paid", "Commission earned to paid, mean", "days", Decimal(45), False,
        "Days from the customer's last payment to the payment of the commission.", "paid lines",
    ),
    Definition(
        "override_loss", "Margin lost to price overrides", "money", Decimal(0), False,
        "Money given up against the price that would have held, by overrides of the period; the currency with most of it.",
        "overrides",
    ),
    Definition(
        "promise_slips", "Promises moved later", "", Decimal(0), False,
        "Cases of promises that could not be kept, opened in the period.", "cases",
    ),
    Definition(
        "case_breaches", "Cases past their clock", "%", Decimal(5), False,
        "Cases resolved in the period that had passed a clock before.", "resolved cases",
    ),
)  # fmt: skip
ALL: tuple[Definition, ...] = DEFINITIONS + BUILT
# What days add up to: a median of a week is none of its days'.
WEEKLY: tuple[Definition, ...] = tuple(d for d in DEFINITIONS if d.unit == "%") + BUILT
SECONDS = {"h": Decimal(3600), "days": Decimal(86_400)}


def built_value(definition: Definition, numerator: Decimal, denominator: Decimal, counted: int) -> Measured:
    """A KPI out of its sums, to one place half-up: a share, a mean of seconds in its unit, or a sum. No data where nothing
    was counted; a count of nothing is 0."""
    if definition.unit == "%":
        found = share(numerator, denominator)
        return Measured(found.value, numerator, denominator, counted)
    if definition.unit in SECONDS:
        if not denominator:
            return NO_DATA
        mean = (numerator / denominator / SECONDS[definition.unit]).quantize(TENTH, rounding=ROUND_HALF_UP)
        return Measured(mean, numerator, denominator, counted)
    places = Decimal("0.01") if definition.unit == "money" else Decimal(1)
    return Measured(numerator.quantize(places), numerator, Decimal(1), counted)


NO_DATA = Measured(None, Decimal(0), Decimal(0), 0)
TENTH = Decimal("0.1")


def share(numerator: Decimal | int, denominator: Decimal | int) -> Measured:
    """A percentage to one place, half-up; no data without a denominator."""
    top, bottom = Decimal(numerator), Decimal(denominator)
    value = (top * 100 / bottom).quantize(TENTH, rounding=ROUND_HALF_UP) if bottom else None
    return Measured(value, top, bottom, int(bottom))


def hours(seconds: Decimal | None, count: int) -> Measured:
    """Hours to one place."""
    if seconds is None:
        return NO_DATA
    value = (seconds / 3600).quantize(TENTH, rounding=ROUND_HALF_UP)
    return Measured(value, value, Decimal(1), count)


def kpi(definition: Definition, now: Measured, before: Measured) -> Kpi:
    trend = None if now.value is None or before.value is None else now.value - before.value
    return Kpi(
        definition.code,
        definition.label,
        now.value,
        definition.unit,
        now.count,
        definition.of,
        definition.target,
        definition.higher_is_better,
        trend,
        definition.text,
        now.numerator,
        now.denominator,
    )
