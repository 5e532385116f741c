"""A file of the hospital system that orders by EDI: one purchase order goes through, one beside it cannot be read."""

from datetime import datetime
from io import BytesIO

from config.demo.world import World
from core.actors import Actor
from integrations.services.receive_edi import Report, receive_edi

EDI = Actor("Holdfast, EDI receive", roles=frozenset({"system"}), channel="edi")
CONTROL = "000000417"


def receive_orders(world: World, now: datetime) -> Report:
    """The good order asks for two of our products by the hospital's own numbers; the other names no order at all."""
    hospital = world.customers[1]
    first, second = ("H-77003", "H-77034")
    good = _set("0001", f"BEG*00*SA*RH-70455**{now:%Y%m%d}", f"PO1*1*24*BX***BP*{first}", f"PO1*2*12*BX***BP*{second}")
    torn = _set("0002", f"PO1*1*6*BX***BP*{first}")
    sender = f"TMED{hospital.code}"
    text = "~".join(
        [
            f"ISA*00*{'':10}*00*{'':10}*ZZ*{sender:15}*ZZ*{'THORNQUAY':15}*{now:%y%m%d*%H%M}*U*00401*{CONTROL}*0*P*>",
            f"GS*PO*{sender}*THORNQUAY*{now:%Y%m%d*%H%M}*417*X*004010",
            *good,
            *torn,
            "GE*2*417",
            f"IEA*1*{CONTROL}",
        ]
    )
    report = Report()
    receive_edi(name=f"rh-{now:%Y%m%d}.edi", stream=BytesIO(f"{text}~".encode()), report=report, actor=EDI, now=now)
    return report


def _set(control: str, *body: str) -> list[str]:
    lines = [s for s in body if s.startswith("PO1*")]
    return [f"ST*850*{control}", *body, f"CTT*{len(lines)}", f"SE*{len(body) + 3}*{control}"]
