"""What ends a case about a document or a system that another side owes an answer: nobody here can make them send it, so
each click says what was found out, and the case keeps who found it out. What a seam can do itself, once it is built, is
registered beside these."""

from functools import partial

from accounts.states import Role
from core.actors import Actor
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import Effect
from exceptions_app.suggestions import Resolution, register

DESK = frozenset({Role.CS, Role.CS_LEAD, Role.OPERATOR})
OPERATORS = frozenset({Role.OPERATOR})

# kind → (code, label, what it means, who may)
FOUND_OUT = {
    "edi_ack_overdue": (
        ("partner_has_it", "The partner has it", "they say that they read it; nothing is sent again", DESK),
        ("not_owed", "They acknowledge nothing", "this partner answers no such document; nothing is sent again", DESK),
    ),
    "asn_due": (
        ("told_otherwise", "They were told otherwise", "the receiver knows what is coming; no notice follows", DESK),
        ("not_owed", "No notice is owed", "this customer takes goods in without one; no notice follows", DESK),
    ),
    "asn_mismatch": (
        ("notice_is_right", "The notice is right", "the receiver counts again by it; our figures stay", DESK),
        (
            "receipt_is_right",
            "The receipt is right",
            "the notice named other goods than left; the receipt stands",
            DESK,
        ),
    ),
    "erp_silent": (
        ("heard_again", "It is heard again", "something came from it since; nothing more is done", OPERATORS),
        ("planned", "The silence is planned", "it is down for a known time; told again after three days", OPERATORS),
    ),
    "wms_silent": (
        ("heard_again", "It is heard again", "something came from it since; nothing more is done", OPERATORS),
        ("planned", "The silence is planned", "it is down for a known time; told again after three days", OPERATORS),
    ),
}


def found_out(case: CaseSnapshot, *, actor: Actor, now: object, key: str) -> None:
    """Nothing moves here: the word of the other side ends the case."""


def _effect(words: str, case: CaseSnapshot, now: object) -> Effect:
    return Effect(words)


for kind, answers in FOUND_OUT.items():
    register(
        *(Resolution(kind, code, label, partial(_effect, text), found_out, who) for code, label, text, who in answers)
    )
