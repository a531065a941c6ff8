"""People: overrides belong to whom they concern (I12), and nobody's silence is a consent (I14)."""

from collections import deque
from typing import Any, ClassVar

from kouan.proving.invariants.facts import Document, PassageKnown
from kouan.proving.invariants.known import Known
from kouan.proving.observations import Checker, Observation, on
from kouan.vocabulary.clock import SECOND, Instant
from kouan.wiring.demo import OFFICERS

AUTHORITIES = ("border_inspection", "customs", "site")

HOUR_US = 3600 * SECOND

GRAVE = ("HOLD", "REFUSE")
"""Outcomes that only those may end who asked for them."""

VERDICT_TERMS = {"overridable": True, "second_person": True, "cap_per_hour": 6, "needs_survey": False}
"""On what terms an authority's own people may except from its own signed refusal: two of them, six times an hour."""

_AGENCY = {username: authority for authority, pair in OFFICERS.items() for username in pair}


class LawfulOverrides(Checker):
    """I12."""

    invariant: ClassVar[str] = "I12"
    promise: ClassVar[str] = (
        "an exception is given by a person of the authority that held, with a reason, after a fresh sign-in, confirmed "
        "by a second person where the rule asks for one, at most so often an hour; nobody diverts what another "
        "authority holds, or lifts its hold"
    )
    known: Known

    def __init__(self) -> None:
        super().__init__()
        self._given: dict[str, deque[Instant]] = {}

    @on("gate.exception/1")
    def excepted(self, seen: Observation) -> None:
        """An exception became valid."""
        given, passage = seen.body, self.known.passages.get(seen.data.stream)
        if passage is None:
            return
        review = next((each for each in reversed(passage.reviews) if each["by"] == given["by"]), None)
        wrong = [*self._by_whom(given, review), *self._on_what(given, passage, review)]
        for text in wrong:
            self.violated(seen, f"{given['rule']} was lifted by {given['by']}: {text}", passage=passage.passage)

    def _by_whom(self, given: Document, review: Document | None) -> list[str]:
        wrong = []
        if _AGENCY.get(given["by"], given["authority"]) != given["authority"]:
            wrong.append(f"he is not of {given['authority']}")
        if not given["reason"].strip():
            wrong.append("no reason is given")
        if review is None or not review["stepped_up"]:
            wrong.append("he had not signed in anew")
        second = given["confirmed_by"]
        if second == given["by"] or (second is not None and _AGENCY.get(second) != given["authority"]):
            wrong.append(f"the second person is {second}")
        return wrong

    def _on_what(self, given: Document, passage: PassageKnown, review: Document | None) -> list[str]:
        terms = self._terms(given["rule"])
        found = [] if passage.decision is None else passage.decision["findings"]
        owners = {finding["authority"] for finding in found if finding["rule"] == given["rule"]}
        wrong = []
        if owners and owners != {given["authority"]}:
            wrong.append(f"{', '.join(sorted(owners))} held")
        if not terms["overridable"]:
            wrong.append("nobody may")
        if terms["second_person"] and given["confirmed_by"] is None:
            wrong.append("a second person did not confirm it")
        if terms["needs_survey"] and not str((review or {"corrections": {}})["corrections"].get("survey", "")).strip():
            wrong.append("nothing was surveyed by hand")
        if self._count(given) >= terms["cap_per_hour"]:
            wrong.append("his hour's share was used up")
        return wrong

    def _terms(self, rule: str) -> Document:
        if rule.startswith("verdict.") or rule == "decision.order":
            return VERDICT_TERMS
        nobody = {"overridable": False, "second_person": False, "needs_survey": False, "cap_per_hour": 0}
        return self.known.rules.get(rule, nobody)

    def _count(self, given: Document) -> int:
        """Return how many exceptions a person gave in the hour before the decision that this one belongs to."""
        times = self._given.setdefault(given["by"], deque())
        times.append(given["at"])
        while times and given["at"] - times[0] > HOUR_US:
            times.popleft()
        return sum(1 for at in times if at < given["at"])

    @on("gate.review_decided/1")
    def decided(self, seen: Observation) -> None:
        """A person decided on a passage."""
        fact, passage = seen.body["fact"], self.known.passages.get(seen.data.stream)
        if not seen.body["used"] or passage is None or passage.decision is None:
            return
        if not fact["reason"].strip():
            self.violated(seen, f"{fact['by']} decided on {passage.passage} without a reason", passage=passage.passage)
        if fact["action"] == "divert":
            for owner in _grave(passage.decision) - {fact["authority"]}:
                text = f"{fact['by']} diverted {passage.passage}, which {owner} holds"
                self.violated(seen, text, passage=passage.passage)
        if _AGENCY.get(fact["by"], fact["authority"]) != fact["authority"]:
            self.violated(seen, f"{fact['by']} decided for {fact['authority']}", passage=passage.passage)

    @on("gate.review_confirmed/1")
    def confirmed(self, seen: Observation) -> None:
        """A second person confirmed."""
        fact, passage = seen.body["fact"], self.known.passages.get(seen.data.stream)
        if not seen.body["used"] or passage is None or not passage.reviews:
            return
        first = passage.reviews[-1]
        if fact["by"] == first["by"] or fact["authority"] != first["authority"] or not fact["stepped_up"]:
            text = f"{fact['by']} of {fact['authority']} confirmed what {first['by']} of {first['authority']} decided"
            self.violated(seen, text, passage=passage.passage)

    @on("papers.order_lifted/1")
    def lifted(self, seen: Observation) -> None:
        """A hold was lifted."""
        said = seen.body
        if _AGENCY.get(said["by"], said["authority"]) != said["authority"]:
            text = f"{said['by']} lifted hold {said['number']} of {said['authority']}"
            self.violated(seen, text, hold=said["number"])


def _grave(decision: Document) -> set[str]:
    lifted = {text.split(":", 1)[0] for text in decision["exceptions"]}
    standing = [each for each in decision["findings"] if each["outcome"] in GRAVE and each["rule"] not in lifted]
    return {each["authority"] for each in standing}


class NothingAssumed(Checker):
    """I14."""

    invariant: ClassVar[str] = "I14"
    promise: ClassVar[str] = (
        "nothing is released unless each authority granted the latest case file that it was sent, in time, and every "
        "procedure that is required of such a load has one evidence, without a finding that nobody lifted"
    )
    known: Known

    @on("gate.order/1")
    def ordered(self, seen: Observation) -> None:
        """A vehicle is released."""
        passage, order = self.known.passages.get(seen.data.stream), seen.body["order"]
        if passage is None or order["outcome"] != "RELEASE":
            return
        for authority in AUTHORITIES:
            self._spoken(seen, passage, authority, order["issued_at"])
        for requirement in self.known.requirements:
            procedure = requirement["procedure"]
            if procedure != "decision" and _required(requirement, passage):
                self._has(seen, passage, procedure)
        self._no_finding(seen, passage)

    def _spoken(self, seen: Observation, passage: PassageKnown, authority: str, at: Instant) -> None:
        verdict: Any = passage.verdicts.get(authority)
        if verdict is None:
            self.violated(seen, f"{passage.passage} is released without a word of {authority}", passage=passage.passage)
            return
        if verdict["outcome"] != "grant" and not passage.excepted(f"verdict.{authority}"):
            text = f"{passage.passage} is released, and {authority} said {verdict['outcome']}"
            self.violated(seen, text, passage=passage.passage)
        if at >= verdict["expires_at"]:
            self.violated(seen, f"{passage.passage} is released by an expired verdict", passage=passage.passage)
        if verdict["revision"] < passage.cases.get(authority, 0):
            text = f"{passage.passage} is released by {authority}'s verdict on an old case file"
            self.violated(seen, text, passage=passage.passage)

    def _has(self, seen: Observation, passage: PassageKnown, procedure: str) -> None:
        evidence: Any = passage.evidence.get(procedure)
        pre_authorised = passage.evidence.get("papers", {}).get("pre_authorised", False)
        if evidence is None or (evidence["type"] == "failed" and not pre_authorised):
            cause = "nothing" if evidence is None else evidence["cause"]
            text = f"{passage.passage} is released with {cause} for {procedure}"
            self.violated(seen, text, passage=passage.passage)
        elif procedure in passage.contradicted:
            text = f"{passage.passage} is released on contradictory evidence of {procedure}"
            self.violated(seen, text, passage=passage.passage)

    def _no_finding(self, seen: Observation, passage: PassageKnown) -> None:
        if passage.decision is None:
            return
        lifted = {text.split(":", 1)[0] for text in passage.decision["exceptions"]}
        for finding in passage.decision["findings"]:
            if finding["rule"] not in lifted:
                text = f"{passage.passage} is released though {finding['rule']} stands"
                self.violated(seen, text, passage=passage.passage)
        for rule in lifted:
            if not passage.excepted(rule):
                text = f"{passage.passage} is released by an exception from {rule} that nobody gave"
                self.violated(seen, text, passage=passage.passage)


def _required(requirement: Document, passage: PassageKnown) -> bool:
    load = passage.evidence.get("papers", {}).get("load")
    way = not requirement["directions"] or passage.direction in requirement["directions"]
    return way and (load is None or not requirement["loads"] or load in requirement["loads"])
