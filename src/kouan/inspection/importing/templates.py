"""Templates to fill in: a file with the headers of a kind of paper, in Chinese, and how each column is written."""

from kouan.inspection.fields import Need
from kouan.inspection.importing.columns import COLUMNS, FileKind
from kouan.inspection.matrix import CONFIRMATION_MATRIX, DECLARATION_MATRIX, MANIFEST_NEEDS
from kouan.inspection.papers import DeclarationStep
from kouan.inspection.supporting import PaperKind
from kouan.inspection.supporting_matrix import supporting_needs
from kouan.protocols.tables.writing import write_csv, write_xlsx

TITLES = {
    FileKind.CONFIRMATION: "车辆确报",
    FileKind.MANIFEST: "原始舱单",
    FileKind.DECLARATION: "报关单",
    FileKind.STATUS: "报关单状态",
    FileKind.CERTIFICATE: "证书",
    FileKind.LABORATORY_RESULT: "实验室检测结果",
    FileKind.THIRD_PARTY_REPORT: "第三方检验报告",
    FileKind.LICENCE: "许可证",
    FileKind.GATE_REPORT: "进出场报告",
}
"""What a kind of paper is called on its template."""


def template(kind: FileKind, form: str) -> bytes:
    """Return an empty template as ``csv`` (UTF-8 with its mark) or ``xlsx`` (with a note on each column)."""
    header = [column.titles[0] for column in COLUMNS[kind]]
    if form == "csv":
        return write_csv(header, ())
    required = _required(kind)
    notes = [
        "; ".join(
            part for part in (column.titles[1], "必填" if required & set(column.fields) else "", column.note) if part
        )
        for column in COLUMNS[kind]
    ]
    return write_xlsx(TITLES[kind], header, (), notes)


def _required(kind: FileKind) -> set[str]:
    """Return the fields that every paper of a kind must give; those of parts are told by the import itself."""
    match kind:
        case FileKind.CONFIRMATION:
            columns = list(CONFIRMATION_MATRIX.values())
            found = {name for name in columns[0] if all(needs[name] is Need.REQUIRED for needs in columns)}
            return (found - {"driver"}) | {"driver.name", "driver.document_number"}
        case FileKind.MANIFEST:
            needs = MANIFEST_NEEDS
        case FileKind.DECLARATION:
            needs = DECLARATION_MATRIX[DeclarationStep.FULL]
        case FileKind.STATUS:
            return {"number", "status"}
        case _:
            needs = supporting_needs(PaperKind(kind))
    return {name for name, need in needs.items() if need is Need.REQUIRED}
