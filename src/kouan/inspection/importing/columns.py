"""What the columns of a file mean: a table of headers, in Chinese and English, for each kind of paper.

The first title of a column is the template's. Headers are compared without blanks, width, case and marks; a unit after
a mass, ``毛重(吨)``, says in what it is given, kilograms else. Which headers offices use is our reading of the forms of
the road manifest [customs announcement 2013 no. 67, changed since] and of daily practice; the list grows.
"""

import enum
from collections.abc import Mapping, Sequence

import msgspec

from kouan.inspection.importing import cells
from kouan.inspection.importing.cells import Read
from kouan.protocols.tables.headers import base, plain, unit_kg
from kouan.protocols.tables.reading import Cell


class FileKind(enum.StrEnum):
    """What a file of papers holds: one kind of paper, or what customs says of declarations (``status``)."""

    CONFIRMATION = "confirmation"
    MANIFEST = "manifest"
    DECLARATION = "declaration"
    STATUS = "status"
    CERTIFICATE = "certificate"
    LABORATORY_RESULT = "laboratory_result"
    THIRD_PARTY_REPORT = "third_party_report"
    LICENCE = "licence"
    GATE_REPORT = "gate_report"


class Column(msgspec.Struct, frozen=True):
    """One column: the fields of the document that it fills, its titles, and how its cells are read.

    A field with a list's name before the point (``consignments.hs_code``) belongs to the row's own item of that list.
    ``note`` explains the column in the template.
    """

    fields: tuple[str, ...]
    titles: tuple[str, ...]
    read: Read
    note: str = ""


LISTS = frozenset({"consignments", "lines", "covers", "items"})
"""Fields that are lists of parts: each row of a document may hold one part."""

IGNORED = frozenset({"序号", "备注", "说明", "no", "remark", "remarks", "note", "notes"})
"""Headers of columns that say nothing about a paper."""

_DIRECTIONS = {
    **dict.fromkeys(("进", "进境", "进口", "入境", "i", "in", "import"), "in"),
    **dict.fromkeys(("出", "出境", "出口", "e", "out", "export"), "out"),
}
_LOADS = {
    **dict.fromkeys(("重车", "重", "装载", "载货", "loaded", "full"), "loaded"),
    **dict.fromkeys(("空车", "空", "empty"), "empty"),
    **dict.fromkeys(("空箱", "空集装箱", "empty container", "empty_container"), "empty_container"),
}
_CARGO = {
    "炼焦煤": "coking_coal", "焦煤": "coking_coal", "铜精矿": "copper_concentrate", "铜精粉": "copper_concentrate",
    "蔬菜": "vegetables", "活水产": "live_aquatic", "水产": "live_aquatic", "普货": "general", "其他": "general",
    "无": "none",
}  # fmt: skip
_STEPS = {
    **dict.fromkeys(("概要", "概要申报", "第一步", "1", "summary"), "summary"),
    **dict.fromkeys(("完整", "完整申报", "第二步", "2", "full"), "full"),
}
_STATUSES = {
    **dict.fromkeys(("已申报", "申报", "declared"), "declared"),
    **dict.fromkeys(("布控", "查验", "布控查验", "under control", "under_control"), "under_control"),
    **dict.fromkeys(("放行", "已放行", "结关", "已结关", "cleared", "released"), "cleared"),
    **dict.fromkeys(("撤销", "删单", "已撤销", "cancelled", "canceled"), "cancelled"),
}
_CERTIFICATES = {
    **dict.fromkeys(("品质", "品质证书", "质量", "quality"), "quality"),
    **dict.fromkeys(("重量", "重量证书", "weight"), "weight"),
    **dict.fromkeys(("检疫", "检疫证书", "植检", "动检", "quarantine"), "quarantine"),
    **dict.fromkeys(("产地", "原产地", "原产地证书", "origin"), "origin"),
}
_BOUNDS = {
    **dict.fromkeys(("上限", "最大", "不大于", "≤", "<=", "max", "most"), "most"),
    **dict.fromkeys(("下限", "最小", "不小于", "≥", ">=", "min", "least"), "least"),
}
_COUNTRIES = {"蒙古": "MNG", "蒙古国": "MNG", "中国": "CHN", "俄罗斯": "RUS", "哈萨克斯坦": "KAZ", "澳大利亚": "AUS"}


def _countries(cell: Cell) -> list[str]:
    return [_COUNTRIES.get(name, name.upper()) for name in cells.several(cell)]


def _country(cell: Cell) -> str:
    name = cells.code(cell)
    return _COUNTRIES.get(name, name.upper())


def _is_mass(column: Column) -> bool:
    return column.fields[0].endswith("_kg")


_KILOGRAMS = cells.mass(1)
_DIRECTION = Column(
    ("direction",), ("进出境标志", "Direction", "进出境", "进出口", "进出标志"), cells.one_of(_DIRECTIONS), "进 或 出"
)
_VERSION = Column(("version",), ("版本", "Version"), cells.whole)
_BATCH = Column(("batch",), ("运输批次号", "Transport batch no.", "批次号", "batch"), cells.code)
_SENDER = Column(("sender",), ("传输人代码", "Sender", "发送方代码", "发送人", "传输人"), cells.code)
_VALID = (
    Column(("valid_from",), ("有效期起", "Valid from", "签发日期", "起始日期"), cells.day, "2026-11-22"),
    Column(("valid_until",), ("有效期止", "Valid until", "截止日期", "失效日期"), cells.day, "2026-11-22"),
)


def _consignment(*, lines: bool = False) -> tuple[Column, ...]:
    hs_code, goods = ["consignments.hs_code"], ["consignments.goods"]
    if lines:
        hs_code.append("lines.hs_code")
        goods.append("lines.goods")
    return (
        Column(
            ("consignments.number",),
            ("提运单号", "Consignment no.", "总运单号", "运单号", "提单号", "waybill"),
            cells.code,
        ),
        Column(tuple(hs_code), ("商品编号", "HS code", "商品编码", "税号", "hs编码"), cells.code, "6, 8 或 10 位"),
        Column(tuple(goods), ("商品名称", "Goods", "货名", "品名", "货物名称"), cells.text),
        Column(("consignments.gross_kg",), ("毛重(千克)", "Gross mass (kg)", "毛重", "gross"), _KILOGRAMS),
    )


_ITEMS = (
    Column(("items.item",), ("检测项目", "Test item", "检验项目", "项目"), cells.text),
    Column(("items.value",), ("检测值", "Value", "检测结果", "实测值", "结果"), cells.decimal),
    Column(("items.unit",), ("单位", "Unit"), cells.text),
    Column(("items.limit",), ("限量", "Limit", "限值", "标准值"), cells.decimal),
    Column(("items.bound",), ("限量类型", "Bound"), cells.one_of(_BOUNDS), "上限 或 下限"),
    Column(("items.passed",), ("判定", "Passed", "结论", "是否合格"), cells.truth, "合格 或 不合格"),
)

COLUMNS: Mapping[FileKind, tuple[Column, ...]] = {
    FileKind.CONFIRMATION: (
        Column(("number",), ("确报编号", "Confirmation no.", "报文编号", "message no.", "number"), cells.code),
        _VERSION,
        _BATCH,
        _DIRECTION,
        _SENDER,
        Column(("carrier",), ("承运人代码", "Carrier", "承运人", "运输企业代码"), cells.code),
        Column(("plate",), ("车牌号", "Plate", "牵引车车牌", "运输工具代码", "车号"), cells.text),
        Column(("trailer",), ("挂车号", "Trailer", "挂车车牌"), cells.text),
        Column(("driver.name",), ("驾驶员姓名", "Driver", "司机姓名", "司机"), cells.text),
        Column(("driver.document_number",), ("驾驶员证件号", "Driver's document", "司机证件号", "护照号"), cells.code),
        Column(("driver.nationality",), ("驾驶员国籍", "Driver's nationality", "国籍"), _country, "MNG, CHN …"),
        Column(("crew_count",), ("随车人数", "Crew count", "乘员人数", "人数"), cells.whole),
        Column(("load",), ("装载状态", "Load", "空重标志", "空重"), cells.one_of(_LOADS), "重车, 空车 或 空箱"),
        Column(("cargo",), ("货物种类", "Cargo", "货类"), cells.one_of(_CARGO)),
        Column(("containers",), ("集装箱号", "Container no.", "箱号"), cells.several, "多个以逗号分隔"),
        Column(("seals",), ("封志号", "Seal no.", "铅封号", "关锁号", "封号"), cells.several, "多个以逗号分隔"),
        Column(("tare_kg",), ("皮重(千克)", "Tare (kg)", "皮重", "车辆自重", "自重"), _KILOGRAMS),
        Column(("transit_countries",), ("途经国家", "Transit countries", "过境国家"), _countries, "MNG, CHN …"),
        Column(("health.symptoms",), ("健康异常", "Symptoms", "有无症状"), cells.truth, "有 或 无"),
        Column(("green_channel",), ("绿色通道", "Green channel"), cells.truth, "是 或 否"),
        Column(("vehicles",), ("同批车数", "Vehicles of the batch", "车辆数"), cells.whole),
        Column(("customs_office",), ("关区代码", "Customs office", "海关代码"), cells.code),
        Column(("mode",), ("运输方式", "Mode"), cells.code, "4 为公路"),
        Column(("loading_place",), ("装货地", "Loading place"), cells.text),
        Column(("unloading_place",), ("卸货地", "Unloading place"), cells.text),
        *_consignment(),
        Column(("consignments.declaration",), ("报关单号", "Declaration no.", "报关单编号"), cells.code),
    ),
    FileKind.MANIFEST: (
        Column(("number",), ("舱单号", "Manifest no.", "舱单编号", "报文编号", "number"), cells.code),
        _VERSION,
        _BATCH,
        _DIRECTION,
        _SENDER,
        *_consignment(),
        Column(("consignments.declaration",), ("报关单号", "Declaration no.", "报关单编号"), cells.code),
    ),
    FileKind.DECLARATION: (
        Column(("number",), ("报关单号", "Declaration no.", "报关单编号", "number"), cells.code),
        _VERSION,
        Column(("step",), ("申报步骤", "Step", "两步申报"), cells.one_of(_STEPS), "概要 或 完整"),
        _DIRECTION,
        Column(("transit",), ("转关", "Transit", "是否转关"), cells.truth, "是 或 否"),
        Column(("consignee",), ("收发货人代码", "Consignee", "统一社会信用代码", "收货人代码"), cells.code),
        Column(("entered_on",), ("进境日期", "Day of entry", "申报进境日期"), cells.day, "2026-11-22"),
        Column(("licences",), ("许可证号", "Licences"), cells.several, "多个以逗号分隔"),
        *_consignment(lines=True),
        Column(("lines.line",), ("项号", "Line", "商品项号"), cells.whole),
        Column(("lines.net_kg",), ("净重(千克)", "Net mass (kg)", "净重", "net"), _KILOGRAMS),
        Column(("lines.value_fen",), ("总价(元)", "Value (CNY)", "人民币价", "申报总价", "总价", "value"), cells.fen),
        Column(("lines.origin",), ("原产国", "Origin", "原产国(地区)"), _country, "MNG …"),
    ),
    FileKind.STATUS: (
        Column(("number",), ("报关单号", "Declaration no.", "报关单编号", "number"), cells.code),
        Column(("status",), ("海关状态", "Status", "放行状态", "状态"), cells.one_of(_STATUSES), "放行, 布控, 撤销"),
    ),
    FileKind.CERTIFICATE: (
        Column(("number",), ("证书编号", "Certificate no.", "证书号", "number"), cells.code),
        _VERSION,
        Column(("certificate",), ("证书类别", "Kind of certificate"), cells.one_of(_CERTIFICATES), "品质, 重量, …"),
        Column(("issuer",), ("签发机构", "Issuer", "发证机构"), cells.text),
        Column(("covers.lot",), ("报检批号", "Lot", "批号"), cells.code, "报关单号-项号"),
        Column(("covers.mass_kg",), ("数量(千克)", "Mass (kg)", "数量", "重量"), _KILOGRAMS),
        *_VALID,
    ),
    FileKind.LABORATORY_RESULT: (
        Column(("number",), ("检测报告编号", "Result no.", "报告编号", "number"), cells.code),
        _VERSION,
        Column(("laboratory",), ("实验室", "Laboratory", "检测机构"), cells.text),
        Column(("lot",), ("报检批号", "Lot", "批号"), cells.code, "报关单号-项号"),
        Column(("sample",), ("样品编号", "Sample", "样品号"), cells.code),
        Column(("reported_on",), ("报告日期", "Day of the result"), cells.day, "2026-11-22"),
        *_ITEMS,
    ),
    FileKind.THIRD_PARTY_REPORT: (
        Column(("number",), ("报告编号", "Report no.", "检验报告编号", "number"), cells.code),
        _VERSION,
        Column(("agency",), ("检验机构代码", "Agency", "采信机构代码"), cells.code),
        Column(("standard",), ("检验标准", "Standard", "标准"), cells.text),
        Column(("lots",), ("报检批号", "Lots", "批号"), cells.several, "多个以逗号分隔"),
        *_ITEMS,
        *_VALID,
    ),
    FileKind.LICENCE: (
        Column(("number",), ("许可证号", "Licence no.", "许可证编号", "number"), cells.code),
        _VERSION,
        Column(("holder",), ("持证人代码", "Holder", "统一社会信用代码", "经营者代码"), cells.code),
        Column(("hs_codes",), ("商品编号", "HS codes", "商品编码", "税号"), cells.several, "多个以逗号分隔"),
        Column(("mass_kg",), ("数量(千克)", "Mass (kg)", "数量", "重量"), _KILOGRAMS),
        *_VALID,
        Column(("overrun_permille",), ("溢装千分比", "Overrun (per mille)"), cells.whole, "最多 50"),
    ),
    FileKind.GATE_REPORT: (
        Column(("number",), ("进出场报告编号", "Report no.", "报告编号", "number"), cells.code),
        _VERSION,
        _SENDER,
        _DIRECTION,
        Column(("at",), ("进出场时间", "Time", "时间"), cells.instant, "2026-11-22 08:30"),
        Column(("containers",), ("集装箱号", "Container no.", "箱号"), cells.several, "多个以逗号分隔"),
        Column(("plate",), ("车牌号", "Plate", "车号"), cells.text),
        Column(("place",), ("地点", "Place"), cells.text),
    ),
}  # fmt: skip


def found_columns(kind: FileKind, headers: Sequence[str]) -> tuple[list[Column | None], list[str]]:
    """Return the column of each header, None where it says nothing, and the headers that are known to nobody."""
    known = {base(title): column for column in COLUMNS[kind] for title in reversed(column.titles)}
    fields = {plain(field): column for column in COLUMNS[kind] for field in column.fields}
    found: list[Column | None] = []
    unknown: list[str] = []
    for header in headers:
        column = known.get(plain(header)) or known.get(base(header)) or fields.get(plain(header))
        if column is not None and _is_mass(column) and unit_kg(header) == 1000:
            column = msgspec.structs.replace(column, read=cells.mass(1000))
        found.append(column)
        if column is None and plain(header) and plain(header) not in IGNORED:
            unknown.append(header.strip())
    return found, unknown


def likely_kind(headers: Sequence[str]) -> FileKind | None:
    """Return the kind whose number is among the headers and which knows most of them, None where there is none."""
    best: tuple[int, FileKind] | None = None
    for kind in FileKind:
        found, unknown = found_columns(kind, headers)
        named = any(column is not None and column.fields == ("number",) for column in found)
        score = sum(column is not None for column in found) - 2 * len(unknown)
        if named and (best is None or score > best[0]):
            best = (score, kind)
    return None if best is None or best[0] <= 0 else best[1]
