"""Personal data in PostgreSQL: keys of subjects, and the way from an identity to its subject."""

from collections.abc import Mapping, Sequence

from kouan.adapters.postgres.database import Connection, Database
from kouan.adapters.postgres.queries import sql
from kouan.adapters.signing.sealing import Sealed, Sealer
from kouan.ledger.roles import Personal, Unit


async def seal_all(connection: Connection, sealer: Sealer, units: Sequence[Unit]) -> Mapping[str, Sealed]:
    """Seal the personal data of the units under their subjects' keys, which are made where there are none.

    What belongs to a subject that was forgotten is left out: forgotten is forgotten, and the commitment alone stands.
    Returns what was sealed, by commitment.
    """
    personal = [one for unit in units for draft in unit.drafts for one in draft.personal]
    if not personal:
        return {}
    wrapped = await _wrapped_keys(connection, sealer, personal)
    sealed: dict[str, Sealed] = {}
    for one in personal:
        key = wrapped.get(one.subject)
        if key is not None:
            found = sealer.seal(one, key)
            sealed[found.commitment] = found
    return sealed


async def _wrapped_keys(connection: Connection, sealer: Sealer, personal: Sequence[Personal]) -> Mapping[str, bytes]:
    subjects = sorted({one.subject for one in personal})
    fresh = [sealer.new_wrapped_key(subject) for subject in subjects]
    async with connection.pipeline(), connection.cursor() as making, connection.cursor() as reading:
        await making.execute(sql("ledger.make_subject_keys"), {"subjects": subjects, "wrapped": fresh})
        await reading.execute(sql("ledger.subject_keys"), {"subjects": subjects})
        rows = await reading.fetchall()
    return {str(subject): bytes(key) for subject, key in rows if key is not None}


class PostgresSubjects:
    """Names the subject of an identity, such as a document number, without keeping the identity."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    async def subject_for(self, identity: str) -> str:
        """Return the subject of an identity, naming it where it has no name; raise Unavailable."""
        params = {"fingerprint": self._sealer.fingerprint(identity), "subject": self._sealer.new_subject()}
        found = await self.find_subject(identity)
        if found is not None:
            return found
        await self._database.change("ledger.make_subject", params)
        return await self.find_subject(identity) or str(params["subject"])

    async def find_subject(self, identity: str) -> str | None:
        """Return the subject of an identity, None where it has none or was forgotten."""
        row = await self._database.fetch_one("ledger.find_subject", {"fingerprint": self._sealer.fingerprint(identity)})
        return None if row is None else str(row[0])
