"""What is imported through a land border port of the simulated trade, with prices, loads and seasons.

Headings are those of the Chinese customs tariff; prices, loads and shares are our choice in the range of public trade
statistics: what matters here is that goods differ, not what they cost.
"""

import msgspec


class Ware(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of goods: yuan a tonne, kilograms a lorry, the share of the trade, and the months in which it runs.

    ``spread_pm`` is the honest spread of prices in per mille. ``covers`` names the code under which it is passed off by
    those who misdeclare it: goods of lower duty, or without a licence.
    """

    hs_code: str
    name: str
    yuan_t: int
    load_kg: int
    share: int
    spread_pm: int = 80
    months: tuple[int, ...] = tuple(range(1, 13))
    covers: str | None = None


WARES: tuple[Ware, ...] = (
    Ware(hs_code="2701121000", name="coking coal", yuan_t=980, load_kg=84_000, share=34, spread_pm=60),
    Ware(hs_code="2701129000", name="steam coal", yuan_t=520, load_kg=82_000, share=14, spread_pm=60),
    Ware(hs_code="2603000090", name="copper concentrate", yuan_t=15_500, load_kg=50_000, share=10),
    Ware(hs_code="2601111000", name="iron ore fines", yuan_t=760, load_kg=60_000, share=8),
    Ware(hs_code="2608000090", name="zinc concentrate", yuan_t=9_200, load_kg=48_000, share=4),
    Ware(hs_code="2529220000", name="fluorspar", yuan_t=3_100, load_kg=42_000, share=5, spread_pm=120),
    Ware(hs_code="5102111000", name="cashmere, raw", yuan_t=410_000, load_kg=14_000, share=3, months=(4, 5, 6, 7, 8, 9),
         covers="5101110090"),
    Ware(hs_code="5101110090", name="sheep's wool, greasy", yuan_t=14_000, load_kg=18_000, share=4),
    Ware(hs_code="4104110000", name="hides", yuan_t=9_500, load_kg=20_000, share=3),
    Ware(hs_code="0205000090", name="horse meat", yuan_t=26_000, load_kg=19_000, share=3, months=(1, 2, 3, 10, 11, 12)),
    Ware(hs_code="0204230000", name="mutton", yuan_t=39_000, load_kg=18_500, share=3, covers="0205000090"),
    Ware(hs_code="1205109000", name="rape seed", yuan_t=4_300, load_kg=32_000, share=4, months=(9, 10, 11, 12)),
    Ware(hs_code="1001990090", name="wheat", yuan_t=2_500, load_kg=34_000, share=2, covers="2302300000"),
    Ware(hs_code="2302300000", name="wheat bran", yuan_t=1_500, load_kg=28_000, share=3),
)  # fmt: skip

BY_CODE = {ware.hs_code: ware for ware in WARES}


def in_season(month: int) -> tuple[Ware, ...]:
    """Return what is traded in a month (1 to 12)."""
    return tuple(ware for ware in WARES if month in ware.months)
