"""Case files to agencies as JSON, and their verdicts as signed JSON."""

from kouan.protocols.agency.messages import CaseFile, Verdict
from kouan.protocols.json_codec import JsonCodec
from kouan.protocols.signed import SignedCodec, agency_key

CASE_MAX_BYTES = 65_536
"""Longest case file in bytes. Our choice: 64 facts of 200 characters at four bytes each, and their names, fit."""

VERDICT_MAX_BYTES = 12_288
"""Longest verdict in bytes before signing. Our choice: what fits, in base64, into ``jws.MAX_BYTES`` with a header."""

VERDICT_TYPE = "kouan-verdict+jws"
"""The ``typ`` in the header of a signed verdict. Our choice of name, as RFC 8725, section 3.11 asks for."""

CASES: JsonCodec[CaseFile] = JsonCodec(CaseFile, CASE_MAX_BYTES)
VERDICTS: SignedCodec[Verdict] = SignedCodec(
    VERDICT_TYPE,
    JsonCodec(Verdict, VERDICT_MAX_BYTES),
    lambda verdict: agency_key(verdict.authority, verdict.port),
)

encode_case = CASES.encode
decode_case = CASES.decode
sign_verdict = VERDICTS.sign
verify_verdict = VERDICTS.verify
