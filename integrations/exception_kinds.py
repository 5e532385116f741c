"""What can go wrong with what other systems send. All belong to the EDI desk; one business hour to respond, and what was
rejected is received again within it (domain.md §11)."""

from exceptions_app.kinds import KindSpec, declare

EDI_QUARANTINED = "edi_quarantined"
EDI_NEW_PARTNER = "edi_new_partner"
EDI_UNKNOWN_PART = "edi_unknown_part"
EDI_PO_CHANGED = "edi_po_changed"
EDI_NOT_SUBMITTED = "edi_not_submitted"
LETTER_NOT_SENT = KindSpec(
    code="letter_not_sent",
    label="Letter about a promise not sent",
    owner_queue="cs",
    severity="medium",
    respond_minutes=240,
    resolve_minutes=480,
    description="Nobody knows whether somebody was told that their promise moved. Send it again, or tell them otherwise.",
)

_KINDS = (
    (EDI_QUARANTINED, "EDI transaction not read", "high", "Correct the segment named in the case and replay it."),
    (EDI_NEW_PARTNER, "New trading partner", "medium", "Confirm the partner and give him the right account."),
    (EDI_UNKNOWN_PART, "EDI part number unknown", "medium", "Match the line to a product, then submit the order."),
    (
        EDI_PO_CHANGED,
        "Purchase order sent again, changed",
        "high",
        "Compare with the order: take the changes, or keep it.",
    ),
    (EDI_NOT_SUBMITTED, "EDI order not submitted", "medium", "Mend what the refusal names, then submit the order."),
)

_WITHIN_THE_HOUR = {EDI_QUARANTINED}
_FEWER = {EDI_NEW_PARTNER: "one who sends for another account is given it on the partner's page first"}

declare(
    LETTER_NOT_SENT,
    *(
        KindSpec(
            code,
            label,
            owner_queue="edi_desk",
            severity=severity,
            respond_minutes=60,
            resolve_minutes=60 if code in _WITHIN_THE_HOUR else 240,
            description=description,
            least_resolutions=1 if code in _FEWER else 2,
            why_fewer=_FEWER.get(code, ""),
        )
        for code, label, severity, description in _KINDS
    ),
)

# Their causes come with seams still to be built, each named; owner and clock stand, and a detector comes with the seam.
TO_COME = (
    (
        "edi_ack_overdue",
        "Acknowledgement overdue",
        "edi_desk",
        60,
        "The partner has not acknowledged what we sent.",
        "nothing that a partner acknowledges (855, 856, 810) is sent yet",
    ),
    (
        "asn_due",
        "ASN due",
        "edi_desk",
        60,
        "The shipment left and its advance ship notice did not.",
        "the 856 out is not built yet",
    ),
    (
        "asn_mismatch",
        "ASN mismatch",
        "edi_desk",
        60,
        "The ship notice and what was received differ.",
        "the 856 out is not built yet",
    ),
    (
        "erp_silent",
        "ERP silent",
        "operations",
        240,
        "Nothing has come from the ERP for longer than it should.",
        "the port to an ERP is not built yet",
    ),
    (
        "wms_silent",
        "WMS silent",
        "operations",
        240,
        "Nothing has come from the warehouse system for too long.",
        "the port to a warehouse system is not built yet",
    ),
)
declare(
    *(
        KindSpec(
            code, label, owner, "high", respond_minutes=60, resolve_minutes=minutes, description=told, awaits=awaits
        )
        for code, label, owner, minutes, told, awaits in TO_COME
    )
)
