"""Border inspection, customs and the site: each judges the facts of a case file, and signs what it says."""

from collections.abc import Mapping
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kouan.protocols.agency import codec
from kouan.protocols.agency.messages import CaseFile, Verdict
from kouan.protocols.jws import PrivateKeySigner, Signer
from kouan.protocols.signed import agency_key
from kouan.simulator.judgement import judge
from kouan.simulator.roles import Sleep, Spawn
from kouan.simulator.scenario import Span
from kouan.simulator.wire import Outbox
from kouan.vocabulary.clock import SECOND, Clock
from kouan.vocabulary.errors import InvalidValue

AUTHORITIES = ("border_inspection", "customs", "site")
VERDICT_LIFE_US = 600 * SECOND
"""How long a verdict is good, in microseconds. Our choice: longer than any stop, shorter than a visit."""


class Agency:
    """One authority's system: thinks for a while about each revision of a case, then answers it."""

    def __init__(
        self, authority: str, port: str, signer: Signer, outbox: Outbox, clock: Clock, sleep: Sleep, spawn: Spawn,
        random: Random, thinks: Span,
    ) -> None:  # fmt: skip
        self.answered = 0
        self.refused_cases = 0
        self._authority = authority
        self._port = port
        self._signer = signer
        self._outbox = outbox
        self._clock = clock
        self._sleep = sleep
        self._spawn = spawn
        self._random = random
        self._thinks = thinks

    def take(self, payload: bytes) -> None:
        """Take a case file; anything that is none, or another's, is counted and not answered."""
        try:
            case = codec.decode_case(payload)
        except InvalidValue:
            self.refused_cases += 1
            return
        if (case.authority, case.port) != (self._authority, self._port):
            self.refused_cases += 1
            return
        self._spawn(self._answer(case))

    async def _answer(self, case: CaseFile) -> None:
        if self._thinks[1] > 0:
            await self._sleep(self._random.uniform(*self._thinks))
        outcome, reasons = judge(self._authority, case.facts)
        now = self._clock.now()
        verdict = Verdict(
            authority=self._authority,
            port=self._port,
            case=case.case,
            revision=case.revision,
            outcome=outcome,
            reasons=reasons,
            issued_at=now,
            expires_at=now + VERDICT_LIFE_US,
        )
        self._outbox.put(
            f"kouan/{self._port}/agency/{self._authority}/verdict", codec.sign_verdict(self._signer, verdict)
        )
        self.answered += 1


def make_signers(port: str, keys: Mapping[str, Ed25519PrivateKey]) -> dict[str, Signer]:
    """Return a signer for each authority from its own private key, in the order of ``AUTHORITIES``."""
    return {name: PrivateKeySigner(agency_key(name, port), keys[name]) for name in AUTHORITIES}
