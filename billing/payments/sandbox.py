"""A provider without a network that behaves like one with: it answers later, by signed messages, sometimes twice, sometimes
with a no. Its signatures are those of Standard Webhooks (HMAC-SHA256 over id, time and body)."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation

from django.conf import settings

from billing.payments.port import BadSignature, Message, PaymentRequest

TOLERANCE = 5 * 60  # seconds a message may be old, or ahead
DECLINES = {"card-declined": "The card was declined", "card-expired": "The card is expired"}


class Sandbox:
    methods = (
        ("card", "Test card that pays"),
        ("card-declined", "Test card that is declined"),
        ("card-expired", "Test card that is expired"),
    )

    def start(self, request: PaymentRequest, *, now: datetime) -> str:
        return f"sbx-{request.payment_id[:8]}"

    def pending(self, request: PaymentRequest, *, now: datetime) -> list[tuple[dict[str, str], bytes]]:
        """The answer, and the same once more, as providers do."""
        reason = DECLINES.get(request.method, "")
        said = {
            "type": "payment.failed" if reason else "payment.succeeded",
            "payment": request.payment_id,
            "amount": str(request.amount),
            "currency": request.currency,
            "reason": reason,
        }
        body = json.dumps(said, sort_keys=True).encode()
        signed = sign(f"evt-{request.payment_id}", body, now=now)
        return [(signed, body), (signed, body)]

    def read(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Message:
        given = {name.lower(): value for name, value in headers.items()}
        event, sent, signature = (given.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
        if not event or not sent.isdecimal() or abs(int(sent[:15]) - now.timestamp()) > TOLERANCE:
            raise BadSignature
        expected = _signature(event, sent, body)
        if not any(hmac.compare_digest(one.encode(), expected.encode()) for one in signature.split(" ")):
            raise BadSignature
        try:
            said = json.loads(body)
            succeeded = said["type"] == "payment.succeeded"
            return Message(
                event,
                str(said["payment"]),
                succeeded,
                Decimal(said["amount"]),
                str(said["currency"]),
                str(said["reason"]),
            )
        except (ValueError, KeyError, TypeError, InvalidOperation) as wrong:
            raise BadSignature from wrong  # signed, but not what this provider sends


def sign(event: str, body: bytes, *, now: datetime) -> dict[str, str]:
    """The headers of a message sent now."""
    sent = str(int(now.timestamp()))
    return {"webhook-id": event, "webhook-timestamp": sent, "webhook-signature": _signature(event, sent, body)}


def _signature(event: str, sent: str, body: bytes) -> str:
    secret = hashlib.sha256(f"payments {settings.PAYMENT_SECRET or settings.SECRET_KEY}".encode()).digest()
    digest = hmac.new(secret, f"{event}.{sent}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"
