from enum import StrEnum

from core.lifecycle import Lifecycle


class PartnerStatus(StrEnum):
    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"


class Strictness(StrEnum):
    """What to do with wrong counts and control numbers."""

    ACCEPT = "accept"  # take the order, say so in the 997
    REJECT = "reject"


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


class InterchangeState(StrEnum):
    RECEIVED = "received"
    DONE = "done"
    DUPLICATE = "duplicate"
    REUSED = "reused"  # the control number of an earlier interchange, with something new in it


class TransactionState(StrEnum):
    RECEIVED = "received"
    ACCEPTED = "accepted"
    ACCEPTED_WITH_ERRORS = "accepted_with_errors"
    REJECTED = "rejected"
    QUARANTINED = "quarantined"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"


class DocumentKind(StrEnum):
    FUNCTIONAL = "997"
    INTERCHANGE = "TA1"
    STOCK = "846"


class ImportedKind(StrEnum):
    SALE = "sale"
    REVERSAL = "reversal"


class UploadState(StrEnum):
    UPLOADED = "uploaded"  # its columns are still to be named
    PREVIEWING = "previewing"
    PREVIEWED = "previewed"
    APPLYING = "applying"
    APPLIED = "applied"
    UNDOING = "undoing"
    UNDONE = "undone"
    REFUSED = "refused"


class RowOutcome(StrEnum):
    """What a row of an import is found to be, and what became of it."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    ERROR = "error"
    CREATED = "created"
    UPDATED = "updated"
    MOVED = "moved"  # what it was to replace changed after the preview: not written
    UNDONE = "undone"
    KEPT = "kept"  # the import was undone but for this row, which says why


class ApplyMode(StrEnum):
    ALL_OR_NONE = "all-or-none"
    VALID = "valid"


_ENDS = {
    TransactionState.ACCEPTED,
    TransactionState.ACCEPTED_WITH_ERRORS,
    TransactionState.REJECTED,
    TransactionState.QUARANTINED,
    TransactionState.DUPLICATE,
    TransactionState.IGNORED,
}
_TAKEN = {TransactionState.ACCEPTED, TransactionState.ACCEPTED_WITH_ERRORS, TransactionState.DUPLICATE}

EDI_TRANSACTION = Lifecycle(
    "edi_transaction",
    {
        TransactionState.RECEIVED: _ENDS,
        TransactionState.ACCEPTED: set(),
        TransactionState.ACCEPTED_WITH_ERRORS: set(),
        # of two runs over one file the slower may have been told first that the order exists
        TransactionState.DUPLICATE: {TransactionState.ACCEPTED, TransactionState.ACCEPTED_WITH_ERRORS},
        # corrected in place, or the profile changed, and replayed
        TransactionState.REJECTED: _TAKEN,
        TransactionState.QUARANTINED: _TAKEN | {TransactionState.REJECTED, TransactionState.IGNORED},
        TransactionState.IGNORED: set(),
    },
)
PARTNER = Lifecycle(
    "partner",
    {PartnerStatus.UNCONFIRMED: {PartnerStatus.CONFIRMED}, PartnerStatus.CONFIRMED: {PartnerStatus.UNCONFIRMED}},
)
UPLOAD = Lifecycle(
    "import",
    {
        UploadState.UPLOADED: {UploadState.PREVIEWING},
        UploadState.PREVIEWING: {UploadState.PREVIEWING, UploadState.PREVIEWED, UploadState.REFUSED},
        UploadState.PREVIEWED: {UploadState.PREVIEWING, UploadState.APPLYING},
        # back to the preview where nothing was written because rows changed meanwhile
        UploadState.APPLYING: {UploadState.APPLIED, UploadState.PREVIEWED, UploadState.REFUSED},
        UploadState.REFUSED: {UploadState.PREVIEWING},
        UploadState.APPLIED: {UploadState.UNDOING},
        UploadState.UNDOING: {UploadState.UNDONE, UploadState.APPLIED},
        UploadState.UNDONE: set(),
    },
)
UNDER_WAY = (UploadState.APPLYING, UploadState.UNDOING)  # of a sheet one at a time


class LetterState(StrEnum):
    """A letter about moved promises. `sending` outlives its minute only where the worker was killed: nobody knows
    whether it went, so it becomes `unsure` and a person decides."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    MOOT = "moot"  # the promises moved back before it was sent
    UNSURE = "unsure"
    REFUSED = "refused"
