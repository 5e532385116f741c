from enum import StrEnum

from core.lifecycle import Lifecycle


class Tracking(StrEnum):
    NONE = "none"
    LOT = "lot"
    SERIAL = "serial"


class ProductStatus(StrEnum):
    ACTIVE = "active"
    DISCONTINUED = "discontinued"
    RECALLED = "recalled"


# Every way is open: a recall is lifted or ends in withdrawal. A recall and its end need a reason (change_status).
PRODUCT = Lifecycle(
    "product",
    {
        ProductStatus.ACTIVE: {ProductStatus.DISCONTINUED, ProductStatus.RECALLED},
        ProductStatus.DISCONTINUED: {ProductStatus.ACTIVE, ProductStatus.RECALLED},
        ProductStatus.RECALLED: {ProductStatus.ACTIVE, ProductStatus.DISCONTINUED},
    },
)


class Effect(StrEnum):
    ALLOW = "allow"
    DENY = "deny"


class LicenceState(StrEnum):
    """Of a licence on a day; derived (rules/licences.py), never stored."""

    UPCOMING = "upcoming"
    VALID = "valid"
    EXPIRES_SOON = "expires_soon"
    EXPIRED = "expired"
    REVOKED = "revoked"
