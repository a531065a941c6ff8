"""Reads a host's database from within its network namespace: one question a line, one JSON answer a line.

Run as ``python -m kouan.proving.partition.probe DSN``. A question is the name of one of ``QUESTIONS``, its port, and
for some how many entries of the ledger count, all between spaces.
"""

import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]


EVERY = 2**53
"""More entries than any ledger has."""


def _digest(connection: Connection, query: str, port: str, upto: int) -> dict[str, Any]:
    """Return how many leaf hashes a query gives, in order, and the SHA-256 over all of them."""
    whole, count = hashlib.sha256(), 0
    with connection.cursor(name="leaves") as rows:
        rows.itersize = 10_000
        rows.execute(query, {"port": port, "upto": upto})
        for (leaf,) in rows:
            whole.update(leaf)
            count += 1
    return {"count": count, "sha256": whole.hexdigest()}


def recorded(connection: Connection, port: str, upto: int = EVERY) -> dict[str, Any]:
    """Return number and digest of the entries of the edge's own ledger."""
    query = "SELECT hash FROM ledger_entries WHERE port = %(port)s AND seq <= %(upto)s ORDER BY seq"
    return _digest(connection, query, port, upto)


def taken(connection: Connection, port: str, upto: int = EVERY) -> dict[str, Any]:
    """Return number and digest of the entries that the hub took of a port."""
    query = "SELECT leaf FROM network_entries WHERE port = %(port)s AND seq <= %(upto)s ORDER BY seq"
    return _digest(connection, query, port, upto)


def size(connection: Connection, port: str) -> dict[str, Any]:
    """Return how many entries the edge's own ledger has."""
    row = connection.execute("SELECT sequence FROM ledger_writer WHERE port = %s", (port,)).fetchone()
    return {"size": 0 if row is None else row[0]}


def standing(connection: Connection, port: str) -> dict[str, Any]:
    """Return how many entries of a port the hub took, the largest head that it witnessed, and why it would stop."""
    row = connection.execute(
        "SELECT taken, witnessed_size, suspended FROM network_ports WHERE port = %s", (port,)
    ).fetchone()
    return dict(zip(("taken", "witnessed", "suspended"), row or (0, 0, None), strict=True))


def closed(connection: Connection, port: str, upto: int = EVERY) -> dict[str, Any]:
    """Return how many passages ended at an edge, by state, as its own ledger has it."""
    rows = connection.execute(
        "SELECT body::jsonb ->> 'state', count(*) FROM ledger_entries"
        " WHERE port = %s AND kind = 'gate.closed/1' AND seq <= %s GROUP BY 1",
        (port, upto),
    )
    return dict(rows.fetchall())


def counted(connection: Connection, port: str) -> dict[str, Any]:
    """Return how many passages of a port the hub counted by the hour, and how many it has as ended."""
    flow = connection.execute(
        "SELECT coalesce(sum(released_in + released_out), 0), coalesce(sum(diverted), 0), coalesce(sum(refused), 0)"
        " FROM network_flow WHERE port = %s",
        (port,),
    ).fetchone()
    rows = connection.execute(
        "SELECT state, count(*) FROM network_passages WHERE port = %s AND closed_at IS NOT NULL GROUP BY 1", (port,)
    )
    return {"flow": [int(number) for number in flow or (0, 0, 0)], "ended": dict(rows.fetchall())}


def announced(connection: Connection, port: str) -> dict[str, Any]:
    """Return the plates of the vehicles that were announced at an edge, latest first."""
    rows = connection.execute(
        "SELECT plate FROM papers_confirmations WHERE port = %s ORDER BY submitted_at DESC LIMIT 400", (port,)
    )
    return {"plates": list(dict.fromkeys(plate for (plate,) in rows))}


def releases(connection: Connection, port: str) -> dict[str, Any]:
    """Return when which plate was decided to be released at an edge: pairs of microseconds and plate."""
    plates: dict[str, str] = {}
    found = []
    rows = connection.execute(
        "SELECT stream, kind, body FROM ledger_entries WHERE port = %s AND kind IN ('gate.evidence/1',"
        " 'gate.decision/1') ORDER BY seq",
        (port,),
    )
    for stream, kind, text in rows:
        body = json.loads(text)
        if kind == "gate.evidence/1":
            evidence = body["fact"]["evidence"]
            if evidence["type"] == "plates" and evidence["tractor"]:
                plates[stream] = evidence["tractor"]
        elif body["decision"]["outcome"] == "RELEASE":
            found.append((body["at"], plates.get(stream), bool(body["decision"]["exceptions"])))
    return {"releases": found}


QUESTIONS: Mapping[str, Callable[..., dict[str, Any]]] = {
    each.__name__: each for each in (recorded, taken, size, standing, closed, counted, announced, releases)
}


def main() -> None:
    """Answer until the end of the input; a question that fails is answered with ``error``."""
    for line in sys.stdin:
        name, port, *upto = line.split()
        try:
            with psycopg.connect(sys.argv[1], connect_timeout=5) as connection:
                answer = QUESTIONS[name](connection, port, *map(int, upto))
        except psycopg.Error as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)  # noqa: T201 - this is how it answers


if __name__ == "__main__":
    main()
