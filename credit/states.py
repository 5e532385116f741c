from enum import IntEnum, StrEnum


class Bucket(StrEnum):
    """Where an exposure stands on its way from order to cash."""

    OPEN_ORDER = "open_order"  # dated by ship date; the only dated bucket
    RELEASED = "released"
    SHIPPED = "shipped"  # shipped, not invoiced
    RECEIVABLE = "receivable"
    UNAPPLIED = "unapplied"  # cash on account, subtracts


class CheckPoint(StrEnum):
    ENTRY = "entry"
    ALLOCATION = "allocation"
    RELEASE = "release"
    PICK = "pick"
    SHIP = "ship"


class Outcome(StrEnum):
    APPROVED = "approved"
    HELD = "held"


class RuleKind(StrEnum):
    """What credit looks at (domain.md §4), in the order in which it is told."""

    ACCOUNT_STATUS = "account_status"
    CREDIT_LIMIT = "credit_limit"
    GROUP_LIMIT = "group_limit"
    LIMIT_EXPIRED = "limit_expired"
    OLDEST_OPEN_ITEM = "oldest_open_item"
    OVERDUE_AMOUNT = "overdue_amount"
    OVERDUE_PERCENT = "overdue_percent"
    ORDER_VALUE_MAX = "order_value_max"
    TERMS_WORSE = "terms_worse"
    PREPAYMENT_DUE = "prepayment_due"


class Effect(StrEnum):
    BLOCKING = "blocking"
    EXCLUSION = "exclusion"


class Level(IntEnum):
    """How specific a rule is: the more specific decides."""

    BUILT_IN = 0
    ALL = 1
    GROUP = 2
    SETTING = 3  # a figure kept on the credit account itself
    ACCOUNT = 4


class Judgement(StrEnum):
    """What one rule says of one ask."""

    PASSES = "passes"
    HOLDS = "holds"
    EXCLUDED = "excluded"  # it would hold, but a more specific rule switches it off
    NOTED = "noted"  # it would hold, but not at this check point


class AdditionKind(StrEnum):
    TEMPORARY = "temporary"
    INSURED = "insured"
