"""Lorries at the bays of a port in memory: what inspectors find on their worklist in the browser tests."""

from tests.integration.web.web_kit import WebPort
from tests.unit.inspection.release.release_kit import COAL, DECLARATION, lot

from kouan.access.people import Agency, Principal, Role
from kouan.inspection.control_orders import ControlKind, ControlOrder
from kouan.inspection.examination.examination import Appointment, Assigned, Examination, Vehicle
from kouan.inspection.release.facts import Arrived, SiteChecked
from kouan.inspection.release.records import rule_of, standing_of
from kouan.inspection.release.standing import site_checks
from kouan.inspection.steps import StepKind
from kouan.vocabulary.clock import SECOND

MINUTE = 60 * SECOND
COAL_LORRY, PLAIN_LORRY, LATE_LORRY = "1234УБА", "5678УБА", "蒙C10086"
LOT = lot(COAL).number

CUSTOMS = Principal("duty", "Duty", Agency.CUSTOMS, (Role.DUTY_OFFICER,))
BORDER = Principal("border", "Border", Agency.BORDER_INSPECTION, (Role.INSPECTOR,))


async def hold(port: WebPort, by: Principal, plate: str, kind: ControlKind, *steps: StepKind) -> str:
    """Place a control order on a lorry; return its number."""
    order = ControlOrder(kind=kind, plate=plate, reason="profile of the week", steps=steps)
    number = await port.services.desk.place_hold(by, order)
    assert isinstance(number, str), number
    return number


async def ordered(port: WebPort, number: str, vehicle: Vehicle, bay: str, start_min: int) -> None:
    """Order an examination, and give it a bay from so many minutes after now."""
    made = await port.examining.order(number, vehicle)
    assert isinstance(made, Examination), made
    starts = port.clock.now() + start_min * MINUTE
    people = (Assigned("officer-7", Agency.CUSTOMS, made.steps[0].kind),)
    await port.examining.plan(number, Appointment(bay, starts, starts + 40 * MINUTE, people, "plan-1"))


async def full(port: WebPort) -> None:
    """A lorry of coal for two agencies, its lot to be sampled; a lorry to be scanned; one whose promise is broken."""
    await port.releasing.open(lot(COAL, goods="coking coal"), port.clock.now())
    await port.releasing.tell(LOT, Arrived(), "yard", "arrived-1")
    record = await port.lots.find_lot(LOT)
    for check in site_checks(standing_of(record), rule_of(record)):
        await port.releasing.tell(LOT, SiteChecked(check, passed=True), "yard", f"checked-{check}")
    await hold(port, CUSTOMS, LATE_LORRY, ControlKind.SCAN)
    await ordered(port, "X-late", Vehicle(LATE_LORRY, cargo="vegetables", perishable=True), "B1", 0)
    port.clock.advance(3600)
    await hold(port, CUSTOMS, COAL_LORRY, ControlKind.EXAMINE, StepKind.APPEARANCE, StepKind.SAMPLING)
    await hold(port, BORDER, COAL_LORRY, ControlKind.EXAMINE, StepKind.PERSONS)
    coal = Vehicle(
        COAL_LORRY, trailer="4321ТТ", containers=("CSQU3054383",), declarations=(DECLARATION,), seals=("MN4455",),
        cargo="coking_coal",
    )  # fmt: skip
    await ordered(port, "X-coal", coal, "B9", 5)
    await hold(port, CUSTOMS, PLAIN_LORRY, ControlKind.SCAN)
    await ordered(port, "X-scan", Vehicle(PLAIN_LORRY, cargo="machinery"), "B4", 25)


async def ask_for_the_scan_too(port: WebPort) -> None:
    """Let border inspection ask for the scan that customs does, so that one step answers both."""
    await hold(port, BORDER, PLAIN_LORRY, ControlKind.SCAN)
    await port.examining.reconcile("X-scan")
    now = port.clock.now()
    await port.examining.plan("X-scan", Appointment("B4", now, now + 40 * MINUTE, (), "plan-2"))
