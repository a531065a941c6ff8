"""Visits every state that a lot can reach under one rule, by every order of facts, and says what is wrong there.

A state is the machine's standing together with the witness's history. Deadlines count as set or not set: every fact is
told before the deadline, ``DeadlinePassed`` just at it and a microsecond early.
"""

from collections import deque
from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from kouan.inspection.release import facts as told_facts
from kouan.inspection.release import machine
from kouan.inspection.release.facts import DeadlinePassed, Fact, Finding, Way, Wish, kind_of
from kouan.inspection.release.lot import FINAL, LotState
from kouan.inspection.release.machine import Moved
from kouan.inspection.release.permits import may_leave, may_sell
from kouan.inspection.release.rule import Need, ReleaseRule
from kouan.inspection.release.standing import Standing
from kouan.inspection.supporting import CertificateKind
from kouan.proving.release.history import History, told, wrong_when_free, wrong_when_leaving
from kouan.proving.release.norms import Norm
from kouan.vocabulary.clock import Instant, seconds
from kouan.vocabulary.verdict import GRANTED, Refused

NOW: Instant = 1_700_000_000_000_000
"""When facts are told. Our choice: the dates of a rule were looked at where it was chosen."""

DUE: Instant = NOW + 1_000_000
"""Where every deadline is put."""

MOST = 2_000_000
"""States after which a proof is given up. Our choice: a hundred times what the shipped rules reach."""

Node = tuple[Standing, History]


class Violation(msgspec.Struct, frozen=True):
    """Something that must not be, and the facts that lead there."""

    rule: str
    text: str
    path: tuple[str, ...] = ()


class Explored(msgspec.Struct, frozen=True):
    """What was visited under one rule."""

    rule: str
    states: int
    transitions: int
    violations: tuple[Violation, ...]


def alphabet(rule: ReleaseRule) -> tuple[Fact, ...]:
    """Return every fact that may be told of a lot under a rule, those that must be refused as well."""
    here = dict.fromkeys((*rule.site_checks, *rule.checks_on_request, *rule.destination_checks))
    there = rule.destination_checks or rule.site_checks[:1]
    return (
        told_facts.Arrived(),
        *(told_facts.Asked(wish) for wish in Wish),
        *(told_facts.SiteChecked(check, passed) for check in here for passed in (True, False)),
        *(told_facts.Found(finding) for finding in Finding),
        told_facts.SampleTaken("sample"),
        *_reports(rule),
        told_facts.ReleaseGranted(),
        told_facts.ReleaseDenied("denied"),
        *(told_facts.ResultIn("result", passed) for passed in (True, False)),
        *(told_facts.CertificateIssued("certificate", kind) for kind in CertificateKind),
        told_facts.CertificateRevoked("certificate"),
        told_facts.CertificateRevoked("another"),
        told_facts.ReachedDestination(),
        *(told_facts.CheckedThere(check, passed) for check in there for passed in (True, False)),
        told_facts.HoldLifted("lifted", "second"),
        told_facts.RetestOrdered("sample"),
        told_facts.RecallOrdered("recalled"),
        told_facts.Recovered(),
        *(told_facts.Disposed(way, "disposed") for way in Way),
        told_facts.Extended("extended"),
        DeadlinePassed(),
    )


def _reports(rule: ReleaseRule) -> Iterator[Fact]:
    """Yield reports that are as they must be, and one for each thing that may be wrong with one."""
    terms = rule.report
    items = terms.items if terms else ("item",)
    agency = terms.agencies[0] if terms else "agency"
    year = seconds(365 * 86_400)
    for drawn in (True, False):
        yield told_facts.ReportVerified("report", agency, items, NOW - 1, drawn)
    yield told_facts.ReportVerified("report", "somebody", items, NOW - 1, False)
    yield told_facts.ReportVerified("report", agency, items[1:], NOW - 1, False)
    yield told_facts.ReportVerified("report", agency, items, NOW - year, False)
    yield told_facts.ReportVerified("report", agency, items, NOW + 1, False)


class Explorer:
    """Walks one rule's graph, breadth first, so that a violation comes with one of its shortest paths."""

    def __init__(self, rule: ReleaseRule, norm: Norm) -> None:
        self._rule = rule
        self._norm = norm
        self._facts = alphabet(rule)
        self._came: dict[Node, tuple[Node | None, str]] = {}
        self._edges: dict[Node, list[Node]] = {}
        self._by_person: dict[Node, list[Node]] = {}
        self._violations: dict[str, Violation] = {}
        self._transitions = 0

    def explore(self, *, first: bool = False) -> Explored:
        """Visit all, then look back from the final states; return what is wrong, or the ``first`` that is."""
        start: Node = (replace(machine.begin(self._rule, NOW), deadline=DUE), History())
        self._came[start] = (None, "declared")
        queue = deque([start])
        while queue and len(self._came) < MOST:
            if first and self._violations:
                return self._explored()
            node = queue.popleft()
            for fact in self._facts:
                for after in self._tell(node, fact):
                    queue.append(after)
            self._look_at_deadline(node)
        if queue:
            self._report(f"more than {MOST} states", start)
        self._look_back()
        self._look_for_lawful_ways()
        return self._explored()

    def _explored(self) -> Explored:
        found = tuple(self._violations.values())
        return Explored(self._rule.reference, len(self._came), self._transitions, found)

    def _tell(self, node: Node, fact: Fact) -> Iterator[Node]:
        standing, history = node
        taken_back = standing.state is LotState.FREE and isinstance(fact, told_facts.CertificateRevoked)
        if standing.state in FINAL and not taken_back:
            if not isinstance(machine.step(standing, fact, self._rule, NOW), Refused):
                self._report("a final state is left", node)
            return
        now = DUE if isinstance(fact, DeadlinePassed) else NOW
        moved = machine.step(standing, fact, self._rule, now)
        if isinstance(moved, Refused):
            return
        after = told(history, fact, moved.after, standing.at)
        for place, made in enumerate(machine.settle(moved, self._rule, now)):
            onward: Node = (replace(made.standing, deadline=DUE if made.deadline is not None else None), after)
            self._transitions += 1
            fresh = onward not in self._came
            if fresh:
                self._came[onward] = (node, kind_of(fact) if place == 0 else made.fact)
            self._look_at(onward, made, fact, now)
            self._edges.setdefault(onward, []).append(node)
            if type(fact) in _BY_PERSON:
                self._by_person.setdefault(onward, []).append(node)
            node = onward
            if fresh:
                yield onward

    def _look_at(self, node: Node, made: Moved, fact: Fact, now: Instant) -> None:
        """Judge one transition and where it ends."""
        standing, history = node
        state = standing.state
        if (made.deadline is None) != (state in FINAL) or (made.deadline is not None and made.deadline <= now):
            self._report(f"{state}: its deadline is {'missing' if made.deadline is None else 'wrong'}", node)
        if self._rule.reference not in made.cites or machine.VERSION not in made.cites:
            self._report("a transition cites no rule, or no machine", node)
        leaves = may_leave(standing, self._rule, NOW) is GRANTED
        if leaves and (wrong := wrong_when_leaving(history, self._norm, state)):
            self._report(wrong, node)
        if leaves and state not in FINAL and may_leave(standing, self._rule, DUE) is GRANTED:
            self._report("overdue goods may leave", node)
        sold = state is LotState.FREE or may_sell(standing, self._rule) is GRANTED
        if sold and (wrong := wrong_when_free(history, self._norm)):
            self._report(f"I22: {wrong}", node)
        if state is LotState.CERTIFIED and not (history.good or history.reported):
            self._report("what was not tested is certified", node)
        if isinstance(fact, told_facts.CertificateIssued) and fact.kind is not self._rule.certificate_kind:
            self._report("a certificate of another kind is taken", node)
        self._look_at_report(fact, node)

    def _look_at_report(self, fact: Fact, node: Node) -> None:
        if not isinstance(fact, told_facts.ReportVerified):
            return
        terms = self._rule.report
        age_days = (NOW - fact.issued_at) / seconds(86_400)
        if terms is None or fact.agency not in terms.agencies or set(terms.items) - set(fact.items):
            self._report("a report is accepted that is not as the rule has it", node)
        elif not 0 <= age_days < self._norm.report_days:
            self._report("a report is accepted that is not valid", node)

    def _look_at_deadline(self, node: Node) -> None:
        """Check that a state nobody cares for comes to a person, by two deadlines at most, and not before they pass."""
        standing, _ = node
        if standing.state in FINAL or standing.state in _TRANSIENT:
            return
        if not isinstance(machine.step(standing, DeadlinePassed(), self._rule, DUE - 1), Refused):
            self._report("a deadline passes before its time", node)
        first = machine.step(standing, DeadlinePassed(), self._rule, DUE)
        if isinstance(first, Refused):
            self._report(f"{standing.state}: nobody is called when it is overdue", node)
            return
        again = machine.step(first.standing, DeadlinePassed(), self._rule, first.deadline or 0)
        called = LotState.ESCALATED
        if first.after is not called and (isinstance(again, Refused) or again.after is not called):
            self._report(f"{standing.state}: nobody is called when it is overdue", node)

    def _look_back(self) -> None:
        """Check that a final state can be reached from everywhere, and by persons at the port alone."""
        final = [node for node in self._came if node[0].state in FINAL]
        for edges, text in (
            (self._edges, "no final state can be reached"),
            (self._by_person, "no person can bring it to an end"),
        ):
            ends = set(final)
            queue = deque(final)
            while queue:
                for before in edges.get(queue.popleft(), ()):
                    if before not in ends:
                        ends.add(before)
                        queue.append(before)
            for node in self._came:
                if node not in ends and node[0].state not in _TRANSIENT:
                    self._report(f"{node[0].state}: {text}", node)
                    break

    def _look_for_lawful_ways(self) -> None:
        """Check that goods can be sold at all, untested where exempt, and leave early where allowed."""
        free = [history for standing, history in self._came if standing.state is LotState.FREE]
        states = {standing.state for standing, _ in self._came}
        start = next(iter(self._came))
        if not free:
            self._report("goods can never be sold", start)
        plain = [one for one in free if not (one.asked or one.certified or one.good or one.excluded)]
        if self._norm.exempt and not plain:
            self._report("goods cannot be sold without a certificate that nobody asked for", start)
        if self._norm.early and self._norm.tests is not Need.NONE and LotState.CONDITIONALLY_RELEASED not in states:
            self._report("goods cannot leave before their result", start)

    def _report(self, text: str, node: Node) -> None:
        if text not in self._violations:
            self._violations[text] = Violation(self._rule.reference, text, self._path(node))

    def _path(self, node: Node) -> tuple[str, ...]:
        path: list[str] = []
        at: Node | None = node
        while at is not None:
            before, fact = self._came[at]
            path.append(f"{fact} -> {at[0].state}")
            at = before
        return tuple(reversed(path))


_TRANSIENT = frozenset({LotState.ON_SITE_FAILED, LotState.FAILED, LotState.CERTIFIED})
"""States that the machine leaves at once by its rule."""

_BY_PERSON = frozenset(
    {
        told_facts.SiteChecked,
        told_facts.ReleaseDenied,
        told_facts.HoldLifted,
        told_facts.RecallOrdered,
        told_facts.Recovered,
        told_facts.Disposed,
        told_facts.Extended,
    }
)
"""Acts of officers at the port: no laboratory, agency or consignee needs to be heard."""
