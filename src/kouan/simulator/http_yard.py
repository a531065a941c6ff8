"""The yard's office over HTTP: its staff are the site's, who is aboard is border inspection's, who fetches a firm's."""

from collections.abc import Mapping

from kouan.simulator.http import Account, Machine, Sessions
from kouan.simulator.roles import Document


class HttpYardDesk:
    """A YardDesk over HTTP."""

    def __init__(self, sessions: Sessions, officers: Mapping[str, tuple[Account, Account]], consignee: Machine) -> None:
        """``officers`` are by authority; ``consignee`` is the machine of the firm whose goods lie there."""
        self._sessions = sessions
        self._site = officers["site"][0]
        self._border = officers["border_inspection"][0]
        self._consignee = consignee

    async def visits(self) -> tuple[Document, ...]:
        """Return the visits under way."""
        return tuple((await self._read("/yard/visits")).get("items", ()))

    async def stock(self) -> Document:
        """Return what lies there."""
        return await self._read("/yard/stock")

    async def scales(self) -> tuple[Document, ...]:
        """Return the scales."""
        return tuple((await self._read("/yard/scales")).get("items", ()))

    async def begin(self, visit: str, place: str, temperature_dc: int | None = None) -> bool:
        """Begin to unload or load."""
        cold = {} if temperature_dc is None else {"temperature_dc": temperature_dc}
        return await self._tell(self._site, f"/yard/visits/{visit}/handling", {"place": place, **cold})

    async def tally(self, visit: str, moisture_bp: int, *, sound: bool) -> bool:
        """End it with the tally."""
        return await self._tell(self._site, f"/yard/visits/{visit}/tally", {"moisture_bp": moisture_bp, "sound": sound})

    async def sample(self, visit: str, sample: str, mass_kg: int, seal: str) -> bool:
        """Take a sample."""
        document = {"sample": sample, "mass_kg": mass_kg, "seal": seal}
        return await self._tell(self._site, f"/yard/visits/{visit}/samples", document)

    async def mend(self, visit: str, how: str, reason: str) -> bool:
        """Say how a held vehicle goes on."""
        return await self._tell(self._site, f"/yard/visits/{visit}/mend", {"mend": how, "reason": reason})

    async def excuse(self, visit: str, reason: str) -> bool:
        """Excuse a difference in people, as border inspection."""
        return await self._tell(self._border, f"/yard/visits/{visit}/excuse", {"reason": reason})

    async def order(self, wanted: Document) -> bool:
        """Place a pick-up order, as the firm does for lots of its own."""
        return (await self._consignee.tell("/yard/pickups", wanted)).is_success

    async def reset_exit(self, exit_: str, reason: str) -> bool:
        """Let an exit lane open again that opens for nobody."""
        return await self._tell(self._site, f"/yard/exits/{exit_}", {"reason": reason})

    async def adjusted(self, scale: str, reason: str) -> bool:
        """Take a scale into use again."""
        return await self._tell(self._site, f"/yard/scales/{scale}", {"act": "adjusted", "reason": reason})

    async def _read(self, path: str) -> Document:
        answer = await self._sessions.ask(self._site, "GET", path)
        document: Document = answer.json() if answer.is_success else {}
        return document

    async def _tell(self, person: Account, path: str, document: Document) -> bool:
        return (await self._sessions.tell(person, path, document)).is_success
