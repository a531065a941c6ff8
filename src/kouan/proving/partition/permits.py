"""Pre-authorises plates at the hub of a data folder, from within its namespace: one plate a line.

Run as ``python -m kouan.proving.partition.permits FOLDER``.
"""

import sys
from pathlib import Path

from kouan.vocabulary.clock import SECOND
from kouan.wiring.hub_client import HubClient

LONG_US = 24 * 3600 * SECOND
"""How long a permit holds: far longer than the experiment."""


def main() -> None:
    """Permit every plate of the input, as of low risk, and end with an error where one is refused."""
    client = HubClient(Path(sys.argv[1]), None)
    now = client.get("")["now"]
    for line in sys.stdin:
        span = {"not_before": now, "expires_at": now + LONG_US}
        client.post("/permits", plate=line.strip(), trailer=None, carrier="experiment", low_risk=True, **span)


if __name__ == "__main__":
    main()
