"""What goes wrong with contracts, who owns it and how fast (minutes are business minutes)."""

from exceptions_app.kinds import KindSpec, declare

CONTRACT_EXPIRING = "contract_expiring"
COMMITMENT_SHORT = "commitment_short"

declare(
    KindSpec(
        CONTRACT_EXPIRING,
        "Contract ends",
        owner_queue="pricing",
        severity="medium",
        respond_minutes=480,
        resolve_minutes=2_400,
        least_resolutions=1,
        why_fewer="other prices are agreed on and entered as the next version; then the case ends by itself",
        description="A contract ends and no later version is there. Renew it, or let its prices end.",
    ),
    KindSpec(
        COMMITMENT_SHORT,
        "Volume commitment falls short",
        owner_queue="pricing",
        severity="medium",
        respond_minutes=480,
        resolve_minutes=2_400,
        least_resolutions=0,
        why_fewer="it is talked about with the customer; what they call off then ends the case by itself",
        description="At this pace the customer will call off less than was promised. Talk to them while there is time.",
    ),
)
