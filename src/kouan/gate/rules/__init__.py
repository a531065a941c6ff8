"""The named rules of the gate, a file a topic.

A rule is a predicate ``(case, params) -> Verdict``: granted, or refused with reasons that an operator can read. A rule
says nothing about evidence that is not there; missing evidence is found by ``decide`` itself, so no rulebook can omit
it.
"""

from kouan.gate.rules import (
    containers,
    driver,
    health,
    holds,
    lane,
    network,
    papers,
    plates,
    positioning,
    radiation,
    release,
    seals,
    weight,
)
from kouan.gate.rules.registry import RULES, NoParams, Rule
from kouan.gate.rules.safeguards import SAFEGUARDS, Safeguard

TOPICS = (
    positioning,
    plates,
    containers,
    seals,
    weight,
    radiation,
    driver,
    health,
    papers,
    holds,
    release,
    lane,
    network,
)
"""The modules that define rules; importing them fills ``RULES``."""

__all__ = ["RULES", "SAFEGUARDS", "TOPICS", "NoParams", "Rule", "Safeguard"]
