"""Makes lorries: first true ones with honest papers, then, at the scenario's rates, one or two things wrong."""

import datetime as dt
from collections import deque
from collections.abc import Mapping
from random import Random

from kouan.simulator import identities
from kouan.simulator.anomalies import Anomaly, draw
from kouan.simulator.goods import CARGOES, Cargo
from kouan.simulator.people import make_person
from kouan.simulator.planting import plant
from kouan.simulator.scenario import Scenario
from kouan.simulator.vehicles import Container, Load, Lorry, Papers, Rig
from kouan.vocabulary.clock import SECOND, Clock
from kouan.vocabulary.places import Direction

_TARE_NOISE_KG = 90
"""Standard deviation of fuel, mud and spare parts around the declared tare. Our choice."""


class Fleet:
    """The source of every lorry on every crossing; all chance is in the ``random`` given."""

    def __init__(
        self,
        random: Random,
        clock: Clock,
        scenario: Scenario,
        mix: Mapping[str, float],
        customs_office: str,
        *,
        holds_possible: bool = False,
    ) -> None:
        """Start with no lorry on the road; ``mix`` weighs the cargoes by their names.

        ``holds_possible`` says that there are officers who can place control orders.
        """
        now = clock.now()
        year = dt.datetime.fromtimestamp(now // SECOND, dt.UTC).year
        self._random = random
        self._clock = clock
        self._scenario = scenario
        self._holds_possible = holds_possible
        self._mix = {name: share for name, share in mix.items() if share > 0}
        self._serials = identities.Serials(now // SECOND, year, customs_office)
        self._used: set[str] = set()
        self._waiting_plants = sorted((int(place), kind) for place, kind in scenario.first.items())
        self._made = 0
        self._recent: deque[Rig] = deque(maxlen=40)

    def passed(self, lorry: Lorry) -> None:
        """Remember a loaded lorry that came in, so that one made later may bear its plates."""
        if lorry.direction is Direction.IN and lorry.load is Load.LOADED and not lorry.has(Anomaly.CLONED_PLATE):
            self._recent.append(lorry.rig)

    def loaded(self, direction: Direction) -> Lorry:
        """Return a laden lorry of a cargo that goes this way."""
        names = [name for name in self._mix if CARGOES[name].direction is direction]
        cargo = CARGOES[self._random.choices(names, [self._mix[name] for name in names])[0]]
        return self._spoil(self._honest(self._rig(cargo), direction, cargo))

    def empty(self, direction: Direction, rig: Rig | None = None) -> Lorry:
        """Return an empty lorry: a rig that is on its way back, or one that came before the field began."""
        return self._spoil(self._honest(rig or self._empty_rig(), direction, None))

    def _rig(self, cargo: Cargo) -> Rig:
        chinese = self._random.random() < cargo.chinese_share
        shape = cargo.combination
        rigid = shape.length_mm < 12_500
        plate = identities.chinese_plate if chinese else identities.mongolian_plate
        trailer = identities.chinese_trailer_plate if chinese else identities.mongolian_trailer_plate
        return Rig(
            identity=self._serials.number("V"),
            nationality="CHN" if chinese else "MNG",
            plate=identities.unused(plate, self._random, self._used),
            trailer=None if rigid else identities.unused(trailer, self._random, self._used),
            axles=shape.axles,
            length_mm=shape.length_mm + self._random.randint(-400, 400),
            tare_kg=round(self._random.gauss(shape.tare_kg, shape.tare_kg * 0.03)),
        )

    def _empty_rig(self) -> Rig:
        return self._rig(CARGOES["coking_coal_bulk"])

    def _honest(self, rig: Rig, direction: Direction, cargo: Cargo | None) -> Lorry:
        random, now = self._random, self._clock.now()
        containers = self._containers(cargo)
        boxes_kg = 2_300 * len(containers)
        cargo_kg = max(1_000, round(random.gauss(cargo.mean_kg, cargo.deviation_kg))) if cargo else 0
        declared_kg = round(cargo_kg * random.gauss(1.0, 0.002) / 10) * 10
        driver = make_person(random, rig.nationality, now)
        crew = 2 if random.random() < 0.12 else 1
        seals = (identities.seal_number(random),) if cargo and cargo.sealed else ()
        tare_kg = rig.tare_kg + boxes_kg
        papers = Papers(
            confirmation=self._serials.number("CF"),
            manifest=self._serials.number("MF") if cargo else None,
            declaration=self._serials.declaration(1 if direction is Direction.IN else 0) if cargo else None,
            batch=self._serials.number("B"),
            plate=rig.plate,
            trailer=rig.trailer,
            driver=driver,
            crew_count=crew,
            containers=containers,
            seals=seals,
            tare_kg=tare_kg,
            cargo_kg=declared_kg,
        )
        return Lorry(
            crossing=self._serials.number("X"),
            rig=rig,
            direction=direction,
            load=Load.LOADED if cargo else Load.EMPTY,
            cargo=cargo,
            driver=driver,
            occupants=crew,
            temperature_dc=round(random.gauss(364, 2)),
            containers=containers,
            seal=seals[0] if seals else None,
            seal_tampered=False,
            cargo_kg=cargo_kg,
            tare_kg=tare_kg + round(random.gauss(0, _TARE_NOISE_KG)),
            gamma_pm=cargo.gamma_pm if cargo else 0,
            neutron=False,
            papers=papers,
        )

    def _containers(self, cargo: Cargo | None) -> tuple[Container, ...]:
        if cargo is None:
            return ()
        return tuple(
            Container(
                number=identities.unused(identities.container_number, self._random, self._used),
                size_type=cargo.container_type,
            )
            for _ in range(cargo.combination.containers)
        )

    def _spoil(self, lorry: Lorry) -> Lorry:
        possible = self._possible(lorry)
        kinds = list(draw(self._random, self._scenario.rates, possible))
        self._made += 1
        for place, kind in self._waiting_plants:
            if place <= self._made and kind in possible and not kinds:
                self._waiting_plants.remove((place, kind))
                kinds = [kind]
                break
        for kind in kinds:
            lorry = plant(lorry, kind, self._random, self._clock.now(), tuple(self._recent))
        return lorry

    def _possible(self, lorry: Lorry) -> frozenset[Anomaly]:
        kinds = {
            Anomaly.PLATE_MISREAD, Anomaly.WRONG_DRIVER, Anomaly.EXPIRED_DOCUMENT, Anomaly.FACE_UNCERTAIN,
            Anomaly.STOWAWAY, Anomaly.FEVER, Anomaly.TAILGATER,
        }  # fmt: skip
        if self._holds_possible:
            kinds.add(Anomaly.CONTROL_ORDER_TARGET)
        if lorry.load is Load.LOADED:
            kinds |= {
                Anomaly.OVERWEIGHT_UNDECLARED, Anomaly.RADIATION_SOURCE, Anomaly.NORM_ALARM, Anomaly.LATE_MANIFEST,
                Anomaly.MISSING_MANIFEST,
            }  # fmt: skip
            if lorry.direction is Direction.IN and self._recent:
                kinds.add(Anomaly.CLONED_PLATE)
        if lorry.seal:
            kinds |= {Anomaly.SEAL_BROKEN, Anomaly.SEAL_ABSENT, Anomaly.SEAL_DIFFERS, Anomaly.SEAL_UNREADABLE}
        if lorry.containers:
            kinds |= {Anomaly.CONTAINER_MISREAD, Anomaly.DAMAGED_CONTAINER}
        return frozenset(kinds)
