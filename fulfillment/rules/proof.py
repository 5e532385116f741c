"""Pictures of a delivery: photos and signatures, told by their first bytes."""

from catalog.rules import evidence

PICTURES = (evidence.PNG, evidence.JPEG)


def kind_of(content: bytes) -> str:
    """The media type; empty for anything that is no picture."""
    kind = evidence.kind_of(content)
    return kind if kind in PICTURES else ""


def problem(name: str, content: bytes) -> str:
    """Why the file is not taken, in words; empty when it is."""
    wrong = evidence.problem(name, content)
    return wrong or ("" if kind_of(content) else "The file is not a PNG or JPEG.")


def stored_name(shipment_id: int, sha256: str, kind: str) -> str:
    """Where it lies under the media folder: made of our own numbers only."""
    return f"deliveries/{shipment_id}-{sha256[:32]}.{evidence.ENDINGS[kind]}"
