"""What aiomqtt 2.5 lacks, in one place: to lose a connection on purpose, and to leave no socket open behind itself."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt

from kouan.adapters.signing.certificates import client_context

_LEAVE_WITHIN_S = 1.0
"""How long taking leave may last. Our choice: a broker that reads takes the last bytes in a millisecond."""

AT_ONCE = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)
"""Options of the socket: a small message does not wait until the one before has been acknowledged."""


class _ClosedOnRefusal(ssl.SSLSocket):
    """A socket that closes itself where the other side's certificate is none to believe: paho leaves it open."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def tls(authority: Path, own: Path) -> ssl.SSLContext:
    """Return paho's TLS settings from files; see ``client_context``."""
    context = client_context(authority, own)
    context.sslsocket_class = _ClosedOnRefusal
    return context


@contextlib.asynccontextmanager
async def connection(client: aiomqtt.Client) -> AsyncIterator[None]:
    """Connect for the length of a block; raise MqttError if that fails within ``client.timeout`` seconds.

    The transport's connection and the broker's consent may last so long each. A cancellation waits for the first:
    aiomqtt makes it in a thread of the loop's executor, which cannot be stopped, and its socket must not be nobody's.
    """
    client._client.connect_timeout = client.timeout  # noqa: SLF001  not among aiomqtt's settings
    opening = asyncio.create_task(client.__aenter__())
    try:
        await asyncio.shield(opening)
        if client._client.socket() is None:  # noqa: SLF001
            raise aiomqtt.MqttError("lost as soon as it was accepted")  # aiomqtt forgets a loss at this moment
        yield
    finally:
        await asyncio.wait([opening])
        if opening.exception() is None:
            client.timeout = _LEAVE_WITHIN_S
            with contextlib.suppress(aiomqtt.MqttError):
                await client.__aexit__(None, None, None)
        await asyncio.sleep(0)  # what paho has asked of the loop comes before the end of the socket
        client._client._sock_close()  # noqa: SLF001  it is still open where the broker never answered
        lost = client._disconnected  # noqa: SLF001
        if lost.done() and not lost.cancelled():
            lost.exception()  # nobody else asks for it where the loss came during the leave


def cut(client: aiomqtt.Client) -> None:
    """Cut a connection without a word, as a failing network does."""
    sock = client._client.socket()  # noqa: SLF001  only paho has it
    if isinstance(sock, socket.socket):
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
