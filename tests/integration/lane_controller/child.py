"""A lane controller as a process of its own, for tests that kill it: argv is one JSON object."""

import asyncio
import json
import sys
from pathlib import Path
from random import SystemRandom

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kouan.adapters.clock import SystemClock
from kouan.adapters.lane_controller.driver import run_lane_controller, subscriptions
from kouan.adapters.lane_controller.file_log import FileNonceLog
from kouan.adapters.mqtt.link import DeviceLink, MqttAddress, TlsFiles
from kouan.protocols.jws import PrivateKeySigner


async def main() -> None:
    given = json.loads(sys.argv[1])
    port = given["port"]
    tls = TlsFiles(Path(given["authority"]), Path(given["own"]))
    address = MqttAddress("127.0.0.1", given["tcp_port"], tls)
    signer = PrivateKeySigner(
        f"lane-controller:{port}", Ed25519PrivateKey.from_private_bytes(bytes.fromhex(given["key"]))
    )
    keys = {f"platform:{port}": Ed25519PublicKey.from_public_bytes(bytes.fromhex(given["platform"]))}
    with FileNonceLog(Path(given["log"])) as log:
        async with DeviceLink(address, "lane-controller", subscriptions=subscriptions(port), persistent=True) as link:
            await link.connected(10)
            await run_lane_controller(
                link, log, SystemClock(), signer, keys, port, given["lanes"], chance=SystemRandom()
            )


asyncio.run(main())
