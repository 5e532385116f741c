"""Price resolution written out as slowly and plainly as the rules read, and random price books to try it on."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from pricing.rules.adjusting import Adjustment
from pricing.rules.asks import PriceAsk
from pricing.rules.scope import Activation, Buyer, Whom
from pricing.rules.waterfall import NO_RATE, Row, Source

LEVELS = ["override", "quote", "account", "group", "segment", "list"]
DAY = date(2028, 2, 29)  # a leap day
UNITS = ["", "", "CS", "BX"]


class Book:
    """Everything one random order is priced by."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.on = DAY + timedelta(days=random.randint(-1, 1))
        self.products = random.sample(range(100, 120), random.randint(1, 4))
        spans = {g: [self.span()] for g in (7, 8) if random.random() < 0.7}
        self.buyer = Buyer(1, random.choice([None, 5]), random.choice([(), (2,), (2, 3)]), spans)
        self.sources = [self.source(n) for n in range(1, random.randint(2, 8))]
        self.rows = {p: [r for s in self.sources for r in self.rows_of(s)] for p in self.products}
        self.asks = [self.ask(n) for n in range(random.randint(1, 6))]
        self.adjustments = [a for n in range(random.randint(0, 4)) for a in self.tiers(n)]

    def span(self):
        start = DAY + timedelta(days=self.random.randint(-4, 2))
        return start, random_end(self.random, start)

    def source(self, n):
        level = self.random.choice(LEVELS)
        whom, document, specificity = Whom(), None, 0
        if level in LEVELS[:2]:
            document = (level, n)  # one agreement a document
        elif level == "account":
            whom = Whom(account_id=self.random.choice([1, 1, 2, 3, 9]), covers_children=self.random.random() < 0.7)
            specificity = -self.buyer.above.index(whom.account_id) - 1 if whom.account_id in self.buyer.above else 0
        elif level == "group":
            whom, specificity = Whom(group_id=self.random.choice([7, 8])), 1
        elif level == "segment":
            whom = Whom(group_id=self.random.choice([None, 7]), territory_id=self.random.choice([5, 6]))
            specificity = 2 if whom.group_id else 1
        tiers = [Activation(self.random.choice([1, 1, 4]), self.random.choice("XY"), self.span()) for _ in range(2)]
        has_tiers = level == "group" and self.random.random() < 0.6
        return Source(
            n,
            f"S{n}",
            level,
            specificity,
            self.random.choice([10, 100, 100]),
            document=document,
            whom=whom,
            date_policy=self.random.choice(["order", "order", "ship", "earlier"]),
            needs_activation=has_tiers and self.random.random() < 0.5,
            activations=tuple(disjoint(tiers)) if has_tiers else (),
            currency="EUR",
            rate=self.random.choice([None, None, None, Decimal("1.1"), NO_RATE]) if document is None else None,
        )

    def rows_of(self, source):
        rows = {}
        for _ in range(self.random.randint(0, 4)):
            row = Row(
                source,
                Decimal(self.random.choice([0, 1, 12, 24, 120])),
                Decimal(self.random.randint(1, 400)) / 100,
                *self.span(),
                tier=self.random.choice(["", "X"]) if source.level == "group" else "",
                unit=self.random.choice(UNITS),
                break_group=self.random.choice(["", "", "G"]),
            )
            rows[row.min_qty, row.tier, row.unit] = row  # what the database refuses twice
        return list(rows.values())

    def ask(self, n):
        return PriceAsk(
            str(n),
            self.random.choice(self.products),
            Decimal(self.random.choice(["1", "11.9999", "12", "13", "24", "119", "120", "400"])),
            self.random.choice([None, *(s.document for s in self.sources)]),
            unit=self.random.choice(UNITS),
            ship_date=self.random.choice([None, self.on, self.on + timedelta(days=self.random.randint(-2, 3))]),
        )

    def tiers(self, n):
        kind = self.random.choice(["contract_discount", "tiered_discount", "promotion", "charge"])
        common = {
            "method": self.random.choice(["percent", "percent", "amount"]),
            "combination": self.random.choice(["exclusive", "best", "compounded", "compounded"]),
            "sequence": self.random.choice([10, 20, 30]),
            "counts": self.random.choice(["line", "order"]),
            "whom": self.random.choice([None, None, Whom(account_id=9), Whom(group_id=7)]),
            "source_id": self.random.choice([None, None, 1]),
            "products": self.random.choice([None, None, frozenset(self.products[:1])]),
            "span": self.span(),
        }
        for min_qty in self.random.sample([0, 12, 100], self.random.randint(1, 3)):
            value = Decimal(self.random.randint(0, 1500)) / 100
            yield Adjustment(n * 10 + min_qty, f"A{n}", kind, value, min_qty=Decimal(min_qty), **common)


def random_end(random, start):
    return random.choice([None, start + timedelta(days=random.randint(1, 5))])


def disjoint(activations):
    """One tier at a time, as the database has it."""
    kept = []
    for a in activations:
        if not any(a.account_id == b.account_id and overlap(a.span, b.span) for b in kept):
            kept.append(a)
    return kept


def overlap(one, other):
    return one[0] < (other[1] or date.max) and other[0] < (one[1] or date.max)


# --- the rules, once more --------------------------------------------------------------------------------------------
def inside(span, day):
    return span[0] <= day and (span[1] is None or day < span[1])


def is_for(whom, buyer, day):
    if whom is None:
        return True
    own = whom.account_id in (None, buyer.account_id) or (whom.account_id in buyer.above and whom.covers_children)
    member = whom.group_id is None or any(inside(s, day) for s in buyer.memberships.get(whom.group_id, []))
    return own and member and whom.territory_id in (None, buyer.territory_id)


def can_use(row, ask, book):
    """Everything but the quantity."""
    source = row.source
    ship = ask.ship_date or book.on
    day = {"order": book.on, "ship": ship, "earlier": min(book.on, ship)}[source.date_policy]
    tier = [a.tier for a in source.activations if a.account_id == book.buyer.account_id and inside(a.span, day)]
    return (
        (source.document is None or source.document == ask.agreement)
        and inside((row.valid_from, row.valid_to), day)
        and row.unit in ("", ask.unit)
        and source.rate != NO_RATE
        and is_for(source.whom, book.buyer, day)
        and (not source.needs_activation or bool(tier))
        and (row.tier == "" or row.tier in tier)
    )


def quantity(row, ask, book):
    if not row.break_group:
        return ask.qty
    total = Decimal(0)
    for other in book.asks:
        for theirs in book.rows[other.product_id]:
            same = theirs.source.id == row.source.id and theirs.break_group == row.break_group
            if same and can_use(theirs, other, book):
                total += other.qty
                break
    return total


def keep_if_any(rows, test):
    return [r for r in rows if test(r)] or rows


def lowest(rows, key):
    return [r for r in rows if key(r) == min(map(key, rows))]


def obvious_price(ask, book):
    """(level, source id, unit price) or None."""
    by_source = {}
    for row in book.rows[ask.product_id]:
        if can_use(row, ask, book) and quantity(row, ask, book) >= row.min_qty:
            by_source.setdefault((row.source.id, row.source.document), []).append(row)
    winners = []
    for rows in by_source.values():
        rows = keep_if_any(rows, lambda r: r.unit != "")
        rows = keep_if_any(rows, lambda r: r.tier != "")
        winners += lowest(rows, lambda r: -r.min_qty)
    for level in LEVELS:
        rivals = [r for r in winners if r.source.level == level]
        if rivals:
            for key in (
                lambda r: -r.source.specificity,
                lambda r: r.source.rate is not None,
                lambda r: r.source.priority,
                lambda r: r.unit_price,
                lambda r: r.source.id,
            ):
                rivals = lowest(rivals, key)
            best = rivals[0]
            net = best.unit_price
            if level not in ("override", "quote"):
                net = obvious_adjusted(net, ask, book, best.source.id)
            return level, best.source.id, net
    return None


def obvious_adjusted(price, ask, book, source_id):
    tiers = {}
    for a in book.adjustments:
        about = [x for x in book.asks if a.products is None or x.product_id in a.products]
        qty = sum(x.qty for x in about) if a.counts == "order" else ask.qty
        fits = ask in about and inside(a.span, book.on) and is_for(a.whom, book.buyer, book.on)
        fits = fits and a.source_id in (None, source_id) and qty >= a.min_qty
        if fits and (a.code not in tiers or tiers[a.code].min_qty < a.min_qty):
            tiers[a.code] = a
    applied = []
    for charges in (False, True):
        alike = [a for a in tiers.values() if (a.kind == "charge") == charges]
        exclusive = [a for a in alike if a.combination == "exclusive"]
        best = [a for a in alike if a.combination == "best"]
        ranked = {"key": lambda a: (moved(price, a), a.sequence, a.code)}
        if exclusive:
            applied.append(min(exclusive, **ranked))
        else:
            applied += [a for a in alike if a.combination == "compounded"] + ([min(best, **ranked)] if best else [])
    kinds = ["contract_discount", "tiered_discount", "promotion", "charge"]
    for a in sorted(applied, key=lambda a: (a.sequence, kinds.index(a.kind), a.code)):
        price = moved(price, a)
    return price


def moved(price, a):
    by = price * a.value / 100 if a.method == "percent" else a.value
    after = price + by if a.kind == "charge" else price - by
    return max(Decimal(0), after.quantize(Decimal("0.000001"), rounding=ROUND_HALF_UP))
