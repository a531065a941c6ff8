"""Goods: seals (I7), radiation (I8), weights (I9), and what may cross under a manifest (I16)."""

from typing import Any, ClassVar

from kouan.proving.invariants.facts import Document, OrderKnown, PassageKnown, is_alarm
from kouan.proving.invariants.known import Known
from kouan.proving.observations import Checker, Observation, on
from kouan.vocabulary.clock import SECOND

ZERO_CHECK_US = 24 * 3600 * SECOND
"""Longest time since a zero check, in microseconds (I9)."""

_SEAL_TROUBLE = frozenset({"seal_broken", "seal_absent", "seal_differs"})


class _Released(Checker):
    """Looks at every release, as it is ordered and as it opens."""

    known: Known

    def released(self, seen: Observation) -> PassageKnown | None:
        """Return the passage that an entry's order releases, None where it does not."""
        passage = self.known.passages.get(seen.data.stream)
        return passage if passage is not None and seen.body["order"]["outcome"] == "RELEASE" else None

    def opened(self, seen: Observation) -> tuple[OrderKnown, PassageKnown, Document] | None:
        """Return order, passage and true vehicle where the way out opens."""
        order = self.known.orders.get(seen.data["order_id"])
        truth = self.known.truth.get(seen.data["crossing"] or "")
        if order is None or truth is None or seen.data["barrier"] != "release":
            return None
        return order, self.known.passages[order.passage], truth


class SealIntact(_Released):
    """I7."""

    invariant: ClassVar[str] = "I7"
    promise: ClassVar[str] = (
        "a laden vehicle is released only with a declared seal, read intact, or with a signed exception of customs; by "
        "the truth, none with a broken, absent or other seal leaves without one"
    )

    @on("gate.order/1")
    def ordered(self, seen: Observation) -> None:
        """A vehicle is released by what was read."""
        passage = self.released(seen)
        if passage is None or passage.excepted("seal."):
            return
        papers, seal = passage.evidence.get("papers", {}), passage.evidence.get("seal", {})
        if papers.get("load") != "loaded":
            return
        declared = papers.get("seals", ())
        fits = seal.get("number") in declared and seal.get("condition") == "intact"
        if declared and not fits:
            text = f"{passage.passage} is released with seal {seal.get('number')}, {seal.get('condition')}"
            self.violated(seen, text, passage=passage.passage, declared=list(declared))

    @on("actuation")
    def moved(self, seen: Observation) -> None:
        """A vehicle leaves by the truth."""
        found = self.opened(seen)
        if found is None:
            return
        _, passage, truth = found
        trouble = sorted(_SEAL_TROUBLE.intersection(map(str, truth["anomalies"])))
        if trouble and not passage.excepted("seal."):
            self.violated(seen, f"{passage.passage} leaves with {trouble[0]} and no exception", passage=passage.passage)


class RadiationCleared(_Released):
    """I8."""

    invariant: ClassVar[str] = "I8"
    promise: ClassVar[str] = (
        "after a radiation alarm nothing is released until two different people of customs cleared it with a survey; "
        "by the truth, no source leaves without that"
    )

    def __init__(self) -> None:
        super().__init__()
        self._alarms: set[str] = set()

    @on("gate.evidence/1")
    def measured(self, seen: Observation) -> None:
        """The portal told of an occupancy, whether it was used or not."""
        if is_alarm(seen.body["fact"]["evidence"]):
            self._alarms.add(seen.data.stream)

    @on("gate.order/1")
    def ordered(self, seen: Observation) -> None:
        """A vehicle is released."""
        passage = self.released(seen)
        if passage is not None and passage.passage in self._alarms and not cleared_by_two(passage):
            text = f"{passage.passage} is released after a radiation alarm that two people did not clear"
            self.violated(seen, text, passage=passage.passage)

    @on("actuation")
    def moved(self, seen: Observation) -> None:
        """A vehicle leaves by the truth."""
        found = self.opened(seen)
        if found is None:
            return
        _, passage, truth = found
        if "radiation_source" in map(str, truth["anomalies"]) and not cleared_by_two(passage):
            self.violated(seen, f"{passage.passage} leaves with a radiation source aboard", passage=passage.passage)


def cleared_by_two(passage: PassageKnown) -> bool:
    """Say whether each exception from radiation was given by two people, after a survey by hand."""
    given = [each for each in passage.exceptions if str(each["rule"]).startswith("radiation.")]
    surveyed = any(str(review["corrections"].get("survey", "")).strip() for review in passage.reviews)
    two = all(each["confirmed_by"] not in (None, each["by"]) and each["authority"] == "customs" for each in given)
    return bool(given) and two and surveyed


class WeightBelieved(_Released):
    """I9."""

    invariant: ClassVar[str] = "I9"
    promise: ClassVar[str] = (
        "a vehicle is released only by a weight in calibration, whose scale stood at zero within 24 h before the "
        "vehicle stopped, or by an exception of customs"
    )

    @on("gate.order/1")
    def ordered(self, seen: Observation) -> None:
        """A vehicle is released."""
        passage = self.released(seen)
        weighed: Any = None if passage is None else passage.evidence.get("weight")
        if passage is None or weighed is None or weighed["type"] != "weight":
            return
        if weighed["at"] >= weighed["calibrated_until"] and not passage.excepted("weight.calibration"):
            text = f"{passage.passage} is released by a weight out of calibration"
            self.violated(seen, text, passage=passage.passage)
        excepted = passage.excepted("weight.zero")
        if weighed["zero_checked_at"] > passage.began and not excepted:
            text = f"{passage.passage} is released by a weight whose zero was checked with the vehicle on the scale"
            self.violated(seen, text, passage=passage.passage)
        age_us = weighed["at"] - weighed["zero_checked_at"]
        if not 0 <= age_us <= ZERO_CHECK_US and not excepted:
            text = f"{passage.passage} is released by a weight whose zero was checked {age_us / SECOND:.0f} s before"
            self.violated(seen, text, passage=passage.passage)


class ManifestOnce(_Released):
    """I16."""

    invariant: ClassVar[str] = "I16"
    promise: ClassVar[str] = (
        "one active manifest a consignment and direction; what crossed of it stays within what it declares; a "
        "confirmation is used once; nothing is released under a doubled or used one"
    )

    def __init__(self) -> None:
        super().__init__()
        self._manifests: dict[tuple[str, str], tuple[str, int]] = {}
        self._of: dict[str, list[tuple[str, str]]] = {}
        self._ways: dict[str, str] = {}
        self._crossed: dict[tuple[str, str], int] = {}
        self._used: dict[str, str] = {}

    @on("papers.confirmation/1")
    def confirmed(self, seen: Observation) -> None:
        """A vehicle was announced."""
        self._ways[seen.body["number"]] = seen.body["direction"]

    @on("papers.manifest/1")
    def manifested(self, seen: Observation) -> None:
        """A manifest is in force, in place of its earlier version."""
        paper = seen.body
        for name in self._of.pop(paper["number"], ()):
            self._manifests.pop(name, None)
        for line in paper["consignments"]:
            name = (line["number"], paper["direction"])
            holder = self._manifests.get(name)
            if holder is not None and holder[0] != paper["number"]:
                text = f"consignment {name[0]} stands in manifests {holder[0]} and {paper['number']}"
                self.violated(seen, text, consignment=name[0])
            self._manifests[name] = (paper["number"], line["gross_kg"])
            self._of.setdefault(paper["number"], []).append(name)

    @on("papers.written_off/1")
    def written_off(self, seen: Observation) -> None:
        """A vehicle took goods across."""
        confirmation, passage = seen.body["confirmation"], seen.body["passage"]
        if self._used.setdefault(confirmation, passage) != passage:
            self.violated(seen, f"confirmation {confirmation} was used twice", confirmation=confirmation)
        for part in seen.body["consignments"]:
            name = (part["number"], self._ways.get(confirmation, ""))
            self._crossed[name] = crossed = self._crossed.get(name, 0) + part["mass_kg"]
            declared = self._manifests.get(name)
            if declared is not None and crossed > declared[1]:
                text = f"{crossed} kg of consignment {name[0]} crossed, and {declared[1]} kg are declared"
                self.violated(seen, text, consignment=name[0])

    @on("gate.order/1")
    def ordered(self, seen: Observation) -> None:
        """A vehicle is released."""
        passage = self.released(seen)
        papers: Any = None if passage is None else passage.evidence.get("papers")
        if passage is None or papers is None:
            return
        used = self._used.get(papers.get("confirmation") or "")
        if used not in (None, passage.passage):
            self.violated(seen, f"{passage.passage} is released under papers that {used} used", passage=passage.passage)
        if papers.get("duplicate_of") is not None and not passage.excepted("papers.once"):
            self.violated(seen, f"{passage.passage} is released under a doubled manifest", passage=passage.passage)
        for part in papers.get("consignments", ()):
            over_kg = part["crossed_kg"] + part["declared_gross_kg"] - (part["total_kg"] or 10**9)
            if over_kg > 0 and not passage.excepted("papers.quantity"):
                text = f"{passage.passage} takes {over_kg} kg more of {part['number']} than is declared"
                self.violated(seen, text, passage=passage.passage)
