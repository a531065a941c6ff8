"""What lorries carry, with tariff codes, masses and natural radiation."""

import msgspec

from kouan.vocabulary.places import Direction


class Combination(msgspec.Struct, frozen=True, kw_only=True):
    """A tractor with what it draws: axles, length (mm), tare without containers (kg), containers it takes."""

    axles: int
    length_mm: int
    tare_kg: int
    containers: int = 0


DOUBLE_TRAILER = Combination(axles=11, length_mm=33_500, tare_kg=33_000)
"""The coal road train of Ganqimaodu. Axles and length are our choice, for about 117 t within 11 t an axle."""

CONTAINER_TRAIN = Combination(axles=8, length_mm=24_500, tare_kg=21_500, containers=2)
"""Two 20-foot containers, 65–70 t of coal in all (``docs/explanation/calibration.md``: the AGVs' load)."""

SEMI_TRAILER = Combination(axles=6, length_mm=17_100, tare_kg=15_600)
"""The six-axle articulated lorry of GB 1589-2016, 49 t at most."""

SEMI_CONTAINER = Combination(axles=6, length_mm=17_100, tare_kg=14_200, containers=1)

TANK_LORRY = Combination(axles=4, length_mm=11_800, tare_kg=12_400)
"""A rigid lorry with aerated tanks."""


class Cargo(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of cargo: its load in kilograms per combination (mean, deviation), and its gamma against background.

    ``gamma_pm`` is the usual rise over background in per mille; ``norm`` marks goods with much natural potassium,
    thorium or uranium, which do alarm now and then.
    """

    name: str
    direction: Direction
    hs_code: str
    goods_zh: str
    goods_en: str
    combination: Combination
    mean_kg: int
    deviation_kg: int
    gamma_pm: int = 20
    norm: bool = False
    sealed: bool = True
    green_channel: bool = False
    container_type: str = "22G1"
    chinese_share: float = 0.0


CARGOES: dict[str, Cargo] = {
    cargo.name: cargo
    for cargo in (
        Cargo(
            name="coking_coal_bulk", direction=Direction.IN, hs_code="2701121000", goods_zh="炼焦煤",
            goods_en="coking coal", combination=DOUBLE_TRAILER, mean_kg=84_000, deviation_kg=2_600, gamma_pm=-40,
        ),
        Cargo(
            name="coking_coal_containers", direction=Direction.IN, hs_code="2701121000", goods_zh="炼焦煤",
            goods_en="coking coal", combination=CONTAINER_TRAIN, mean_kg=65_000, deviation_kg=1_200,
            gamma_pm=-30, container_type="25U1", chinese_share=0.1,
        ),
        Cargo(
            name="coal_ash", direction=Direction.IN, hs_code="2621900000", goods_zh="粉煤灰", goods_en="coal ash",
            combination=SEMI_TRAILER, mean_kg=30_000, deviation_kg=1_000, gamma_pm=90, norm=True,
        ),
        Cargo(
            name="copper_concentrate_containers", direction=Direction.IN, hs_code="2603000090", goods_zh="铜精矿",
            goods_en="copper concentrate", combination=CONTAINER_TRAIN, mean_kg=50_000, deviation_kg=800,
        ),
        Cargo(
            name="copper_concentrate_bags", direction=Direction.IN, hs_code="2603000090", goods_zh="铜精矿",
            goods_en="copper concentrate", combination=SEMI_TRAILER, mean_kg=31_500, deviation_kg=600,
        ),
        Cargo(
            name="vegetables", direction=Direction.OUT, hs_code="0702000000", goods_zh="番茄", goods_en="tomatoes",
            combination=SEMI_TRAILER, mean_kg=21_000, deviation_kg=1_500, gamma_pm=30, green_channel=True,
            chinese_share=0.55,
        ),
        Cargo(
            name="live_aquatic", direction=Direction.OUT, hs_code="0301939000", goods_zh="活鲤鱼", goods_en="live carp",
            combination=TANK_LORRY, mean_kg=11_000, deviation_kg=900, gamma_pm=-20, green_channel=True,
            chinese_share=0.9,
        ),
        Cargo(
            name="fertilizer", direction=Direction.OUT, hs_code="3104209000", goods_zh="氯化钾", goods_en="potash",
            combination=SEMI_TRAILER, mean_kg=30_500, deviation_kg=900, gamma_pm=120, norm=True, chinese_share=0.5,
        ),
        Cargo(
            name="ceramics", direction=Direction.OUT, hs_code="6907219000", goods_zh="瓷砖", goods_en="ceramic tiles",
            combination=SEMI_CONTAINER, mean_kg=25_500, deviation_kg=700, gamma_pm=80, norm=True,
            chinese_share=0.6,
        ),
        Cargo(
            name="machinery", direction=Direction.OUT, hs_code="8429521100", goods_zh="挖掘机", goods_en="excavators",
            combination=SEMI_TRAILER, mean_kg=24_000, deviation_kg=3_500, gamma_pm=10, chinese_share=0.7,
        ),
    )
}  # fmt: skip
"""Tariff codes are those of the Chinese customs tariff's headings; masses are our choice, near the published ones."""
