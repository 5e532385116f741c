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

# Their causes come with the seams still to be built; owner and clock stand.
_TO_COME = (
    (
        "edi_ack_overdue",
        "Acknowledgement overdue",
        "edi_desk",
        60,
        60,
        "The partner has not acknowledged what we sent.",
    ),
    ("asn_due", "ASN due", "edi_desk", 60, 60, "The shipment left and its advance ship notice did not."),
    ("asn_mismatch", "ASN mismatch", "edi_desk", 60, 60, "The ship notice and what was received differ."),
    ("erp_silent", "ERP silent", "operations", 60, 240, "Nothing has come from the ERP for longer than it should."),
    ("wms_silent", "WMS silent", "operations", 60, 240, "Nothing has come from the warehouse system for too long."),
)
declare(
    *(
        KindSpec(code, label, owner, "high", respond, resolve, description, awaits_rooms=True)
        for code, label, owner, respond, resolve, description in _TO_COME
    )
)
