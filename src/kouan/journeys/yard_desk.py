"""A port's yard put together: its settings, its records, and the desks at which things happen."""

from collections.abc import Callable

import msgspec

from kouan.journeys.yard_goods import YardGoods
from kouan.journeys.yard_recording import Follow, Sign, nobody_signs
from kouan.journeys.yard_scales import YardScales
from kouan.journeys.yard_visits import YardVisits
from kouan.ledger.roles import Ledger
from kouan.vocabulary.clock import Clock, Instant
from kouan.yard.events import Command
from kouan.yard.roles import ExitControl, GoodsReleased, WriteOffs, YardRecords
from kouan.yard.settings import YardSettings


class YardDesk(msgspec.Struct, frozen=True):
    """What a port's yard is run with: visits, goods and scales, over the same records.

    ``exits`` is None where no exit lane is opened by this process.
    """

    settings: YardSettings
    records: YardRecords
    visits: YardVisits
    goods: YardGoods
    scales: YardScales
    exits: ExitControl | None = None


def open_yard(
    settings: YardSettings,
    records: YardRecords,
    ledger: Ledger,
    released: GoodsReleased,
    write_offs: WriteOffs,
    clock: Clock,
    chance: Callable[[int], bytes],
    calibrated_until: Instant,
    tell: Callable[[Command], None] = lambda _: None,
    follow: Follow | None = None,
    sign: Sign = nobody_signs,
    exits: ExitControl | None = None,
) -> YardDesk:
    """Return the desk of a port's yard.

    ``calibrated_until`` is the end of its weighbridges' verification; ``tell``, ``follow`` and ``sign`` as for
    ``YardVisits``.
    """
    visits = YardVisits(settings, records, ledger, released, write_offs, clock, chance, tell, follow, sign)
    goods = YardGoods(settings, records, ledger, released, clock)
    scales = YardScales(settings, records, ledger, visits, clock, calibrated_until)
    return YardDesk(settings, records, visits, goods, scales, exits)
