"""How large a demo is."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Scale:
    """The business is `days` old. Orders of its last `live_days` (`orders` of them) go through the services, day by day;
    the `history_orders` before are laid under them by COPY, with `history_lines` lines each (0: as many as in life).
    """

    name: str
    accounts: int
    products: int
    days: int
    live_days: int
    orders: int
    history_orders: int
    history_lines: int = 0

    @property
    def is_large(self) -> bool:
        return self.name == "large"

    def with_history(self, orders: int | None, lines: int | None) -> "Scale":
        return replace(self, history_orders=orders or self.history_orders, history_lines=lines or self.history_lines)


SCALES = {
    scale.name: scale
    for scale in (
        Scale("small", accounts=40, products=150, days=365, live_days=75, orders=190, history_orders=610),
        Scale("medium", accounts=300, products=600, days=365, live_days=75, orders=1_900, history_orders=6_100),
        Scale(
            "large",
            accounts=300,
            products=400,
            days=740,
            live_days=10,
            orders=40,
            history_orders=1_000_000,
            history_lines=20,
        ),
    )
}
