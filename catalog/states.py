from enum import StrEnum


class Tracking(StrEnum):
    NONE = "none"
    LOT = "lot"
    SERIAL = "serial"


class ProductStatus(StrEnum):
    ACTIVE = "active"
    DISCONTINUED = "discontinued"
    RECALLED = "recalled"


class Effect(StrEnum):
    ALLOW = "allow"
    DENY = "deny"
