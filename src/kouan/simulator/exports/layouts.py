"""How offices of four languages lay out the same visits: headers, forms of dates, units, encodings."""

from collections.abc import Mapping

import msgspec


class Layout(msgspec.Struct, frozen=True):
    """One office's way to write passages and tickets; ``unit_kg`` is the unit of its masses, decimals by ``point``."""

    encoding: str
    delimiter: str
    clock: str
    ways: tuple[str, str]
    passages: Mapping[str, str]
    tickets: Mapping[str, str]
    unit_kg: int = 1
    point: str = "."
    title: str = ""
    excel: bool = False


LAYOUTS: Mapping[str, Layout] = {
    "zh": Layout(
        "gb18030", ",", "%Y-%m-%d %H:%M:%S", ("进境", "出境"),
        {"车牌号": "plate", "进出境": "way", "通道号": "lane", "排队时间": "queued_at", "通行时间": "stopped_at",
         "放行时间": "left_at", "承运单位": "carrier"},
        {"磅单号": "ticket", "车号": "plate", "运输公司": "carrier", "毛重时间": "gross_at", "毛重(kg)": "gross_kg",
         "皮重时间": "tare_at", "皮重(kg)": "tare_kg", "净重(kg)": "net_kg", "原发净重(kg)": "declared_kg",
         "磅号": "scale"},
        title="甘其毛都口岸 通行与过磅明细",
    ),
    "mn": Layout(
        "utf-8", ";", "%Y.%m.%d %H:%M:%S", ("Орох", "Гарах"),
        {"Чиглэл": "way", "Эгнээ": "lane", "Улсын дугаар": "plate", "Тээвэрлэгч": "carrier", "Ирсэн цаг": "queued_at",
         "Зогссон цаг": "stopped_at", "Чөлөөлсөн цаг": "left_at"},
        {"Пүү": "scale", "Падаан": "ticket", "Улсын дугаар": "plate", "Бохир жин": "gross_kg",
        "Таарын жин": "tare_kg",
         "Мэдүүлсэн жин": "declared_kg", "Бохир жингийн цаг": "gross_at", "Таарын цаг": "tare_at",
         "Тээвэрлэгч": "carrier"},
    ),
    "ru": Layout(
        "utf-8-sig", ";", "%d.%m.%Y %H:%M:%S", ("Въезд", "Выезд"),
        {"Время прибытия": "queued_at", "Время остановки": "stopped_at", "Время выпуска": "left_at",
        "Гос. номер": "plate",
         "Направление": "way", "Полоса": "lane", "Перевозчик": "carrier"},
        {"№ талона": "ticket", "Гос. номер": "plate", "Перевозчик": "carrier", "Весы": "scale",
        "Время брутто": "gross_at",
         "Брутто, т": "gross_kg", "Время тары": "tare_at", "Тара, т": "tare_kg", "Заявленный вес, т": "declared_kg"},
        unit_kg=1000, point=",",
    ),
    "en": Layout(
        "utf-8", ",", "%d/%m/%Y %H:%M:%S", ("Inbound", "Outbound"),
        {"Lane": "lane", "Direction": "way", "Vehicle no.": "plate", "Carrier": "carrier", "Arrived at": "queued_at",
         "Stopped at": "stopped_at", "Released at": "left_at"},
        {"Ticket no.": "ticket", "Weighbridge": "scale", "Vehicle no.": "plate", "Carrier": "carrier",
         "Gross time": "gross_at", "Gross (t)": "gross_kg", "Tare time": "tare_at", "Tare (t)": "tare_kg",
         "Declared (t)": "declared_kg"},
        unit_kg=1000,
    ),
    "xlsx": Layout(
        "", "", "%Y-%m-%d %H:%M:%S", ("进", "出"),
        {"序号": "number", "方向": "way", "车牌号码": "plate", "车道": "lane", "到达时间": "queued_at",
        "停车时间": "stopped_at",
         "抬杆时间": "left_at", "车队": "carrier"},
        {"流水号": "ticket", "车牌号码": "plate", "车队": "carrier", "地磅": "scale", "重车时间": "gross_at",
        "毛重": "gross_kg",
         "空车时间": "tare_at", "皮重": "tare_kg", "申报重量": "declared_kg"},
        title="十月报表", excel=True,
    ),
}  # fmt: skip
"""Layouts by name. Headers and forms are our choice, after daily practice; none is a real office's."""
