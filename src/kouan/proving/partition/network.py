"""A network of Linux network namespaces: hosts on one switch, whose links can be cut in either direction.

Needs root, and the programs ``ip`` (iproute2) and ``nft`` (nftables).
"""

import enum
import os
import shutil
import subprocess
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from kouan.vocabulary.errors import Unavailable

SUBNET = "10.207.58"
"""First three numbers of the hosts' addresses. Our choice: a part of 10.0.0.0/8 (RFC 1918) that hardly anybody uses."""


class Way(enum.StrEnum):
    """What of a link is cut: both directions, what a host sends, or what it is sent."""

    BOTH = "both"
    SENDING = "sending"
    RECEIVING = "receiving"


def why_impossible() -> str | None:
    """Return why this machine cannot make such a network, or None where it can."""
    for program in ("ip", "nft"):
        if shutil.which(program) is None:
            return f"the program {program} is missing: install iproute2 and nftables"
    if os.geteuid() != 0:
        return "network namespaces need root"
    name = f"kouan-try-{os.getpid()}"
    try:
        _run("ip", "netns", "add", name)
        _run("ip", "netns", "exec", name, "nft", "add table ip kouan")
    except Unavailable as error:
        return str(error)
    finally:
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)  # noqa: S603, S607
    return None


class Network:
    """Hosts by name, each in a namespace, joined by a bridge; taken down at the end of a ``with``."""

    def __init__(self, hosts: Sequence[str]) -> None:
        self._tag = f"k{os.getpid() % 100_000}"
        self._numbers = {host: number for number, host in enumerate(hosts, start=1)}

    def __enter__(self) -> Self:
        """Build the network; raise Unavailable where the kernel or a program refuses."""
        try:
            self._build()
        except Unavailable:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Take the network down."""
        self.close()

    def address(self, host: str) -> str:
        """Return a host's address."""
        return f"{SUBNET}.{self._numbers[host]}"

    def within(self, host: str) -> tuple[str, ...]:
        """Return the words that put a command into a host."""
        return ("ip", "netns", "exec", self._space(host))

    def pids(self, host: str) -> tuple[int, ...]:
        """Return the processes that live in a host."""
        return tuple(int(word) for word in _run("ip", "netns", "pids", self._space(host)).split())

    def cut(self, host: str, way: Way) -> None:
        """Lose everything that a host sends, is sent, or both, silently, until it is healed."""
        rules = {
            Way.SENDING: ["add rule ip kouan out oifname eth0 drop"],
            Way.RECEIVING: ["add rule ip kouan in iifname eth0 drop"],
        }
        for rule in rules.get(way, [*rules[Way.SENDING], *rules[Way.RECEIVING]]):
            _run(*self.within(host), "nft", rule)

    def heal(self, host: str) -> None:
        """Let everything through again."""
        for chain in ("in", "out"):
            _run(*self.within(host), "nft", f"flush chain ip kouan {chain}")

    def close(self) -> None:
        """Remove the namespaces, and with them all that is in them."""
        for space in (*map(self._space, self._numbers), self._switch):
            subprocess.run(["ip", "netns", "del", space], check=False, capture_output=True)  # noqa: S603, S607

    @property
    def _switch(self) -> str:
        return f"{self._tag}-switch"

    def _space(self, host: str) -> str:
        return f"{self._tag}-{host}"

    def _build(self) -> None:
        _run("ip", "netns", "add", self._switch)
        _run("ip", "-n", self._switch, "link", "add", "name", "br0", "type", "bridge")
        _run("ip", "-n", self._switch, "link", "set", "br0", "up")
        for host, number in self._numbers.items():
            self._join(host, f"p{number}")

    def _join(self, host: str, socket: str) -> None:
        space = self._space(host)
        _run("ip", "netns", "add", space)
        _run("ip", "-n", self._switch, "link", "add", socket, "type", "veth", "peer", "name", "eth0", "netns", space)
        _run("ip", "-n", self._switch, "link", "set", socket, "master", "br0", "up")
        _run("ip", "-n", space, "addr", "add", f"{self.address(host)}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            _run("ip", "-n", space, "link", "set", device, "up")
        for words in (
            "add table ip kouan",
            "add chain ip kouan in { type filter hook input priority 0; }",
            "add chain ip kouan out { type filter hook output priority 0; }",
        ):
            _run(*self.within(host), "nft", words)


def _run(*words: str) -> str:
    """Return what a program says; raise Unavailable with that where it fails."""
    done = subprocess.run(words, check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise Unavailable(f"{' '.join(words)}: {(done.stderr or done.stdout).strip() or done.returncode}")
    return done.stdout
