"""What ends the case of a contract that ends: the next version at the same terms and prices."""

from datetime import datetime
from typing import Any

from accounts.states import Role
from core.actors import Actor
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import Effect
from exceptions_app.suggestions import Resolution, register
from pricing.contract_queries import ending_contracts
from pricing.exception_kinds import CONTRACT_EXPIRING
from pricing.services.renew_contract import renew_contract


def preview_renewal(case: CaseSnapshot, now: datetime) -> Effect:
    ending = next((e for e in ending_contracts(on=now.date()) if e.contract_id == case.subject.id), None)
    if ending is None:
        return Effect("", is_possible=False, why_not="A later version is there, or the contract is over.")
    until = ending.valid_to + (ending.valid_to - ending.valid_from)
    words = f"the same terms, lists and prices from {ending.valid_to} to {until}; volumes are promised anew"
    return Effect(words)


def renew(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    return renew_contract(contract_id=case.subject.id, actor=actor, now=now)


register(
    Resolution(CONTRACT_EXPIRING, "renew", "Renew for as long again", preview_renewal, renew, frozenset({Role.PRICING}))
)
