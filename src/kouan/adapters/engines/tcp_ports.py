"""Free tcp ports on the loopback interface, the same ones again where that is possible."""

import contextlib
import errno
import socket

from kouan.vocabulary.errors import Conflict, Unavailable

LOOPBACK = "127.0.0.1"
"""Engines listen here only; outside clients come through kouan."""


def is_free(tcp_port: int) -> bool:
    """Say whether a server could listen on this loopback tcp port now."""
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        # As servers do: a port in TIME_WAIT is free, a listening one is not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, tcp_port))
        except OSError:
            return False
        return True


def free_tcp_ports(count: int, preferred: tuple[int, ...] = ()) -> tuple[int, ...]:
    """Return ``count`` different free tcp ports, taking the preferred ones first.

    Somebody else may take one before it is used: callers start again with new ones. Raises Unavailable when the
    machine has none left.
    """
    chosen = [port for port in dict.fromkeys(preferred) if is_free(port)][:count]
    probes: list[socket.socket] = []
    try:
        while len(chosen) < count:
            probe = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            probes.append(probe)
            probe.bind((LOOPBACK, 0))
            port = int(probe.getsockname()[1])
            if port not in chosen:
                chosen.append(port)
    except OSError as error:
        raise Unavailable(f"no free tcp port on {LOOPBACK}: {error}") from error
    finally:
        for probe in probes:
            probe.close()
    return tuple(chosen)


def free_tcp_port(preferred: int | None = None) -> int:
    """Return one free tcp port, the preferred one if it is free."""
    return free_tcp_ports(1, () if preferred is None else (preferred,))[0]


def listening_socket(host: str, tcp_port: int = 0, preferred: int = 0) -> socket.socket:
    """Return a socket that listens at ``tcp_port``; where that is 0, at the preferred one or any that is free.

    Raises Conflict where ``tcp_port`` is taken, Unavailable where ``host`` is no address of this machine.
    """
    for wanted in (tcp_port,) if tcp_port else (preferred, 0):
        try:
            return socket.create_server((host, wanted), family=_family(host), backlog=2048)
        except OSError as error:
            reason = error.strerror or str(error)
            if error.errno != errno.EADDRINUSE:
                raise Unavailable(f"cannot listen at {host}:{wanted}: {reason}") from error
    raise Conflict(f"tcp port {tcp_port} of {host} is taken: choose another one, or 0 for a free one")


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
