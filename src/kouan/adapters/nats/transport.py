"""What nats-py lacks: a reader that knows that it reads TLS, and an end on demand."""

import asyncio
import contextlib
import ssl
from urllib.parse import ParseResult

from nats.aio.client import Client
from nats.aio.transport import TcpTransport

_CANCEL_AGAIN_S = 1.5
"""How long a cancelled task may take to end before it is cancelled again. Our choice: longer than it takes leave."""


class TlsTransport(TcpTransport):
    """A connection that ends without a warning.

    nats-py 2.x puts a fresh reader on a connection that turned to TLS, which then takes itself for one in the clear
    and, when the server leaves, asks to keep its own half open: asyncio warns that TLS has no such thing.
    """

    def __bool__(self) -> bool:
        """Be there before it is connected: a client would put another transport in the place of one that is not."""
        return True

    async def connect_tls(
        self, uri: str | ParseResult, ssl_context: ssl.SSLContext, buffer_size: int, connect_timeout: int
    ) -> None:
        """Turn the connection to TLS."""
        await super().connect_tls(uri, ssl_context, buffer_size, connect_timeout)
        writer = self._io_writer
        protocol = None if writer is None else writer.transport.get_protocol()
        if isinstance(protocol, asyncio.StreamReaderProtocol):
            protocol._over_ssl = True  # type: ignore[attr-defined]  # noqa: SLF001  as StreamWriter.start_tls does


def tls_client() -> Client:
    """Return a client, not connected yet, whose connections end without a warning."""
    client = Client()
    client._transport = TlsTransport()  # type: ignore[no-untyped-call]  # noqa: SLF001  kept when it connects again
    return client


async def ended(task: asyncio.Task[None]) -> None:
    """Cancel a task until it ends, and raise what it raises: nats-py swallows cancellations, and goes on."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=_CANCEL_AGAIN_S)
    with contextlib.suppress(asyncio.CancelledError):
        task.result()
