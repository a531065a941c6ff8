"""What the columns of an export mean, and under which headers offices write them, in four languages.

Which headers ports and scales write is our reading of daily practice in Chinese, Mongolian, Russian and English
exports; the list grows. Headers are compared as ``protocols.tables.headers.plain`` leaves them, units aside.
"""

import enum
import functools
import re
import unicodedata
from collections.abc import Mapping

from kouan.protocols.tables.headers import base, plain
from kouan.vocabulary.places import Direction


class Kind(enum.StrEnum):
    """What a row of a table is: one passage of a gate, one visit with both its passages, or a weighbridge ticket."""

    PASSAGES = "passages"
    VISITS = "visits"
    TICKETS = "tickets"


class Field(enum.StrEnum):
    """What a column says.

    Of a passage: ``queued_at`` joined the queue, ``stopped_at`` stopped in the lane, ``left_at`` left the lane. Of a
    visit: ``in_at`` and ``out_at`` at the gate. ``day`` is the day of the times of a row that have none.
    """

    PLATE = "plate"
    DIRECTION = "direction"
    LANE = "lane"
    CARRIER = "carrier"
    LOAD = "load"
    DAY = "day"
    QUEUED_AT = "queued_at"
    STOPPED_AT = "stopped_at"
    LEFT_AT = "left_at"
    IN_AT = "in_at"
    OUT_AT = "out_at"
    TICKET = "ticket"
    GOODS = "goods"
    SCALE = "scale"
    WEIGHED_AT = "weighed_at"
    GROSS_AT = "gross_at"
    TARE_AT = "tare_at"
    MASS_KG = "mass_kg"
    GROSS_KG = "gross_kg"
    TARE_KG = "tare_kg"
    NET_KG = "net_kg"
    DECLARED_KG = "declared_kg"


TIMES = (
    Field.QUEUED_AT, Field.STOPPED_AT, Field.LEFT_AT, Field.IN_AT, Field.OUT_AT, Field.WEIGHED_AT, Field.GROSS_AT,
    Field.TARE_AT,
)  # fmt: skip
"""Columns of times of day, with their day or beside a column of days."""

MASSES = (Field.MASS_KG, Field.GROSS_KG, Field.TARE_KG, Field.NET_KG, Field.DECLARED_KG)
"""Columns of masses."""

TEXTS = (Field.LANE, Field.CARRIER, Field.LOAD, Field.TICKET, Field.GOODS, Field.SCALE)
"""Columns that are taken as they are."""

FIELDS: Mapping[Kind, tuple[Field, ...]] = {
    Kind.PASSAGES: (
        Field.PLATE, Field.DIRECTION, Field.LANE, Field.CARRIER, Field.LOAD, Field.DAY, Field.QUEUED_AT,
        Field.STOPPED_AT, Field.LEFT_AT,
    ),
    Kind.VISITS: (
        Field.PLATE, Field.LANE, Field.CARRIER, Field.LOAD, Field.DAY, Field.QUEUED_AT, Field.IN_AT, Field.OUT_AT,
    ),
    Kind.TICKETS: (
        Field.PLATE, Field.CARRIER, Field.TICKET, Field.GOODS, Field.SCALE, Field.DAY, Field.WEIGHED_AT,
        Field.GROSS_AT, Field.TARE_AT, Field.MASS_KG, Field.GROSS_KG, Field.TARE_KG, Field.NET_KG, Field.DECLARED_KG,
    ),
}  # fmt: skip
"""The columns that each kind of table may have."""

_PLATE = (
    "车牌号", "车牌", "车号", "车牌号码", "车辆号牌", "牌照号", "车辆牌照", "号牌号码", "Plate", "Plate no.",
    "Plate number",
    "Licence plate", "License plate", "Vehicle", "Vehicle no.", "Vehicle number", "Truck", "Truck no.",
    "Reg. no.", "Улсын дугаар", "Машины дугаар", "Тээврийн хэрэгслийн дугаар", "Автомашины дугаар", "Арлын дугаар",
    "Госномер", "Гос. номер", "Гос номер", "Номер ТС", "Номер автомобиля", "Номер машины", "Регистрационный номер",
)  # fmt: skip
_CARRIER = (
    "承运人", "承运单位", "运输公司", "运输单位", "承运企业", "承运商", "车队", "Carrier", "Haulier",
    "Transport company",
    "Тээвэрлэгч", "Тээврийн компани", "Перевозчик", "Транспортная компания",
)  # fmt: skip
_DAY = ("日期", "过磅日期", "通行日期", "Date", "Day", "Огноо", "Өдөр", "Дата")
_LOAD = ("装载状态", "空重标志", "空重", "空重车", "Load", "Loaded", "Ачаатай эсэх", "Ачаа байдал", "Загрузка")
_QUEUED = (
    "排队时间", "到达时间", "到达排队时间", "排队开始时间", "到港时间", "取号时间", "预约报到时间", "Queued at",
    "Arrival",
    "Arrived", "Arrived at", "Arrival time", "Queue time", "Joined queue", "Ирсэн цаг", "Дараалалд орсон цаг",
    "Ирсэн хугацаа", "Прибытие", "Время прибытия", "Время постановки в очередь", "Встал в очередь",
)  # fmt: skip

_COMMON = {Field.PLATE: _PLATE, Field.CARRIER: _CARRIER, Field.DAY: _DAY, Field.LOAD: _LOAD}

_PASSAGES: Mapping[Field, tuple[str, ...]] = {
    **_COMMON,
    Field.DIRECTION: (
        "方向", "进出方向", "进出境", "进出境标志", "进出标志", "通行方向", "出入境", "Direction", "In/out", "Way",
        "Чиглэл", "Орох/гарах", "Хөдөлгөөний чиглэл", "Направление", "Въезд/выезд",
    ),
    Field.LANE: (
        "通道", "通道号", "车道", "车道号", "卡口通道", "道口", "Lane", "Lane no.", "Channel", "Эгнээ",
        "Эгнээний дугаар",
        "Зурвас", "Полоса", "Номер полосы", "Канал",
    ),
    Field.QUEUED_AT: _QUEUED,
    Field.STOPPED_AT: (
        "通行时间", "过卡时间", "入卡时间", "停车时间", "进道时间", "驶入时间", "进卡时间", "抓拍时间",
        "查验开始时间", "时间",
        "日期时间", "Stopped at", "Stop", "Time", "Timestamp", "Date and time", "Passage time", "Entered lane",
        "Lane entry", "Зогссон цаг", "Шалгалт эхэлсэн цаг", "Нэвтэрсэн цаг", "Цаг", "Цаг хугацаа",
        "Эгнээнд орсон цаг",
        "Время остановки", "Время", "Время проезда", "Дата и время", "Въезд на полосу", "Начало контроля",
    ),
    Field.LEFT_AT: (
        "放行时间", "驶离时间", "离开时间", "抬杆时间", "出卡时间", "出道时间", "查验结束时间", "Left at", "Left",
        "Released",
        "Released at", "Release time", "Barrier lift", "Lane exit", "Departure", "Чөлөөлсөн цаг",
        "Эгнээнээс гарсан цаг",
        "Шалгалт дууссан цаг", "Время выпуска", "Выезд с полосы", "Время убытия", "Конец контроля",
    ),
}  # fmt: skip
_VISITS: Mapping[Field, tuple[str, ...]] = {
    **_COMMON,
    Field.LANE: _PASSAGES[Field.LANE],
    Field.QUEUED_AT: _QUEUED,
    Field.IN_AT: (
        "入境时间", "进境时间", "进场时间", "进口岸时间", "入场时间", "Entry", "Entry time", "Entered",
        "Entered at", "Time in",
        "In", "Орсон цаг", "Орсон хугацаа", "Хилээр орсон цаг", "Въезд", "Время въезда", "Дата въезда",
    ),
    Field.OUT_AT: (
        "出境时间", "离境时间", "出场时间", "离场时间", "出口岸时间", "Exit", "Exit time", "Exited at", "Time out",
        "Out",
        "Гарсан цаг", "Гарсан хугацаа", "Хилээр гарсан цаг", "Выезд", "Время выезда", "Дата выезда",
    ),
}  # fmt: skip
_TICKETS: Mapping[Field, tuple[str, ...]] = {
    **_COMMON,
    Field.TICKET: (
        "磅单号", "过磅单号", "磅单编号", "单号", "流水号", "票号", "Ticket", "Ticket no.", "Ticket number",
        "Weighbridge ticket",
        "Slip no.", "Тасалбарын дугаар", "Падааны дугаар", "Падаан", "№ талона", "Номер талона", "Талон", "№ билета",
    ),
    Field.GOODS: ("货物名称", "货名", "品名", "货物", "Goods", "Cargo", "Commodity", "Product", "Ачаа", "Бараа",
    "Груз", "Товар"),
    Field.SCALE: (
        "磅号", "地磅", "地磅号", "磅房", "衡器编号", "秤号", "Scale", "Scale no.", "Weighbridge", "Жин №", "Пүү",
        "Пүүний дугаар",
        "Весы", "№ весов", "Номер весов",
    ),
    Field.WEIGHED_AT: (
        "过磅时间", "称重时间", "计量时间", "时间", "Weighed at", "Weighing time", "Time", "Жинлэсэн цаг", "Цаг",
        "Время взвешивания", "Время",
    ),
    Field.GROSS_AT: (
        "毛重时间", "重车时间", "重车过磅时间", "毛重过磅时间", "一次过磅时间", "Gross at", "Gross time",
        "First weighing",
        "Бохир жингийн цаг", "Ачаатай жинлэсэн цаг", "Время брутто", "Время взвешивания брутто",
    ),
    Field.TARE_AT: (
        "皮重时间", "空车时间", "空车过磅时间", "皮重过磅时间", "二次过磅时间", "Tare at", "Tare time",
        "Second weighing",
        "Таарын цаг", "Хоосон жингийн цаг", "Хоосон жинлэсэн цаг", "Время тары", "Время взвешивания тары",
    ),
    Field.MASS_KG: ("重量", "称重", "Weight", "Mass", "Жин", "Вес", "Масса"),
    Field.GROSS_KG: ("毛重", "总重", "Gross", "Gross weight", "Gross mass", "Бохир жин", "Нийт жин", "Брутто",
    "Вес брутто"),
    Field.TARE_KG: ("皮重", "空车重", "空重", "Tare", "Tare weight", "Таар", "Таарын жин", "Хоосон жин", "Тара",
    "Вес тары"),
    Field.NET_KG: ("净重", "Net", "Net weight", "Net mass", "Цэвэр жин", "Нетто", "Вес нетто"),
    Field.DECLARED_KG: (
        "原发净重", "原发量", "原发重量", "申报重量", "申报净重", "发货重量", "矿发数", "Declared", "Declared weight",
        "Declared net", "Shipped weight", "Мэдүүлсэн жин", "Ачилтын жин", "Заявленный вес", "Вес по накладной",
        "Вес отправителя",
    ),
}  # fmt: skip

_TITLES: Mapping[Kind, Mapping[Field, tuple[str, ...]]] = {
    Kind.PASSAGES: _PASSAGES,
    Kind.VISITS: _VISITS,
    Kind.TICKETS: _TICKETS,
}

_DIRECTIONS: Mapping[Direction, tuple[str, ...]] = {
    Direction.IN: (
        "进", "进境", "进口", "入", "入境", "in", "inbound", "import", "entry", "i", "орох", "орсон", "оруулах",
        "импорт",
        "въезд", "ввоз", "въездное",
    ),
    Direction.OUT: (
        "出", "出境", "出口", "out", "outbound", "export", "exit", "e", "o", "гарах", "гарсан", "гаргах", "экспорт",
        "выезд", "вывоз", "выездное",
    ),
}  # fmt: skip


@functools.cache
def titles(kind: Kind) -> Mapping[str, Field]:
    """Return the field of each known header of a kind, plain and without its unit; the fields' own names, too."""
    found = {base(title): field for field, names in _TITLES[kind].items() for title in names}
    return {**{plain(field): field for field in FIELDS[kind]}, **found}


@functools.cache
def directions() -> Mapping[str, Direction]:
    """Return the direction of each word that exports write, plain."""
    return {plain(word): way for way, words in _DIRECTIONS.items() for word in words}


def direction_named(text: str) -> Direction | None:
    """Return the direction that the name of a file or sheet tells, None where it tells none or both."""
    name = unicodedata.normalize("NFKC", text).lower()
    found = {way for way, form in _NAMED.items() if form.search(name)}
    return found.pop() if len(found) == 1 else None


_NAMED: Mapping[Direction, re.Pattern[str]] = {
    Direction.IN: re.compile(r"(?<!出)[进入]境|(?<![a-z])(in|inbound|import|entry)(?![a-z])|въезд|ввоз|орох|орсон"),
    Direction.OUT: re.compile(r"(?<!进)出境|(?<![a-z])(out|outbound|export|exit)(?![a-z])|выезд|вывоз|гарах|гарсан"),
}
"""How names of files tell a direction; 进出境 (both ways) tells none."""
