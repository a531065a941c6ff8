"""From a port file to what the gate and its driver must know."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from kouan.adapters.board.overview import BoardSetting, LanePlace
from kouan.adapters.driver.setting import LaneSetting, Setting
from kouan.gate.offline import offline_rule, with_offline_rule
from kouan.gate.policy import LanePolicy, Requirement
from kouan.gate.procedures import Procedure
from kouan.gate.rulebook import Rulebook, parse_rulebook
from kouan.vocabulary.clock import SECOND, seconds
from kouan.vocabulary.errors import InvalidValue, NotFound
from kouan.wiring.port_file import PortFile, folder


def load_rulebook(port: PortFile, rulebooks: Path | None = None) -> Rulebook:
    """Return the rulebook that a port names; raise NotFound or InvalidValue."""
    path = (rulebooks or folder() / "rulebooks") / f"{port.rulebook}.toml"
    if not path.is_file():
        raise NotFound(f"{port.name}: rulebook {port.rulebook} is not at {path}")
    try:
        return parse_rulebook(path.read_text(encoding="utf-8"))
    except InvalidValue as error:
        raise error.within(path.name) from error


def policy_of(port: PortFile, rulebook: Rulebook, *, hub: bool = False) -> LanePolicy:
    """Return how a port runs its gate; one that has a hub also says what it does while that is gone (I13)."""
    if hub:
        rulebook = with_offline_rule(rulebook, offline_rule(port.offline.max_age_s, port.offline.serve), since=0)
    requirements = tuple(
        Requirement(procedure, seconds(setting.deadline_s), (), setting.required_for)
        for procedure in Procedure
        if (setting := port.procedures.get(procedure)) is not None
    )
    return LanePolicy(
        requirements=requirements,
        rulebook=rulebook,
        order_lifetime_us=seconds(port.order_lifetime_s),
        verdict_wait_us=seconds(port.verdict_deadline_s),
    )


def setting_of(port: PortFile) -> Setting:
    """Return what the driver must know of a port."""
    devices: dict[str, list[Procedure]] = {}
    for procedure, settings in port.procedures.items():
        for device in settings.devices:
            devices.setdefault(device, []).append(procedure)
    zone = ZoneInfo(port.timezone)
    until = datetime.fromisoformat(port.calibrated_until).replace(tzinfo=zone).astimezone(UTC)
    return Setting(
        port=port.name,
        lanes=tuple(LaneSetting(lane.name, lane.direction, lane.tidal) for lane in port.lanes),
        zone=zone,
        devices={device: tuple(procedures) for device, procedures in devices.items()},
        calibrated_until=int(until.timestamp()) * SECOND,
    )


def board_setting_of(port: PortFile) -> BoardSetting:
    """Return what the live board must know of a port."""
    return BoardSetting(
        port=port.name,
        name={"zh": port.title.zh, "en": port.title.en},
        zone=ZoneInfo(port.timezone),
        lanes=tuple(LanePlace(lane.name, lane.x, lane.y, lane.heading) for lane in port.lanes),
        devices=(*setting_of(port).devices, "barrier", "controller"),
    )
