"""What a study says in a few sentences, for a reader with five minutes."""

from kouan.planning.study.findings import Study
from kouan.planning.study.legs import LegFigures
from kouan.planning.study.report.words import LEGS, MISSING, said
from kouan.vocabulary.places import Direction

_CLEAR_SHARE = 0.05
"""Share of lost hours below which the gate is said not to be the cause. Our choice."""


def summary(study: Study, language: str) -> tuple[str, ...]:
    """Return the sentences that tell most, the most important first; only of what the files show."""
    found = [_size(study, language)]
    legs = [leg for leg in study.legs if leg.leg != "turn_round"]
    if legs and legs[0].lost_h_a_day > 0:
        found.append(_worst(legs[0], language))
    found += _queue(study, language)
    found += _gate(legs, language)
    found += _weights(study, language)
    return tuple(found)


def not_told(study: Study, language: str) -> tuple[str, ...]:
    """Return what the files do not show."""
    told = tuple(said(MISSING[name], language) for name in study.missing)
    if study.one_vehicle_in == 1:
        return told
    drawn = said(
        (
            "数据行过多：每 {n} 辆车取 1 辆的全部记录，时刻、损失与车流已乘以 {n}。",
            ("Too many rows: one vehicle in {n} was kept with all its rows; "
            "profiles, lost hours and traffic are multiplied by {n}."),
        ),
        language, n=study.one_vehicle_in,
    )  # fmt: skip
    return (drawn, *told)


def _size(study: Study, language: str) -> str:
    days = max(study.days, 1)
    entered = sum(day.entered for day in study.traffic) / days
    text = said(
        ("{days} 天中平均每天入境 {n:,.0f} 车次。", "On {days} days {n:,.0f} vehicles entered a day on average."),
        language, days=days, n=entered,
    )  # fmt: skip
    if study.turn_round is None:
        return text
    return text + said(
        (
            "周转时间中位数 {p50:.1f} 小时，十分之一超过 {p90:.1f} 小时。",
            " Half were turned round within {p50:.1f} h; one in ten took more than {p90:.1f} h.",
        ),
        language, p50=study.turn_round.p50_s / 3600, p90=study.turn_round.p90_s / 3600,
    )  # fmt: skip


def _worst(leg: LegFigures, language: str) -> str:
    return said(
        (
            "损失时间最多的环节是“{leg}”：每天 {lost:,.0f} 车时，占全部损失的 {share:.0%}，{hour:02d} 时最严重。",
            ("Most hours are lost in one place, “{leg}”: {lost:,.0f} vehicle-hours a day, "
            "{share:.0%} of all that is lost, worst at {hour:02d}:00."),
        ),
        language, leg=said(LEGS[leg.leg], language), lost=leg.lost_h_a_day, share=leg.share, hour=leg.worst_hour,
    )  # fmt: skip


def _queue(study: Study, language: str) -> list[str]:
    profile = next((each for each in study.profiles if each.direction is Direction.IN and each.waiting), None)
    if profile is None:
        return []
    slot = max(range(len(profile.waiting)), key=profile.waiting.__getitem__)
    return [
        said(
            (
                "入境排队平均在 {at} 最长，{n:,.0f} 辆；最多时 {most:,} 辆（{when}）。",
                ("The inbound queue is longest at {at}, {n:,.0f} vehicles on average; "
                "the most ever were {most:,} ({when})."),
            ),
            language, at=f"{(slot + 1) // 4:02d}:{(slot + 1) % 4 * 15:02d}", n=profile.waiting[slot],
            most=profile.most_waiting, when=profile.most_waiting_at,
        )
    ]  # fmt: skip


def _gate(legs: list[LegFigures], language: str) -> list[str]:
    stop = next((leg for leg in legs if leg.leg == "stop_in"), None)
    if stop is None or stop.share >= _CLEAR_SHARE:
        return []
    return [
        said(
            (
                "卡口停车本身中位数 {s:.0f} 秒，只占损失的 {share:.1%}：缩短查验动作收效有限，应看上面的环节。",
                ("The stop at the gate takes {s:.0f} s and is {share:.1%} of what is lost: "
                "a quicker stop would change little."),
            ),
            language, s=stop.spread.p50_s, share=stop.share,
        )
    ]  # fmt: skip


def _weights(study: Study, language: str) -> list[str]:
    found = []
    certain = [one for one in study.carriers if one.certain and one.beyond * 2 > one.tickets]
    if certain:
        found.append(
            said(
                (
                    "{n} 家承运单位的净重与申报持续不符，最多的是“{who}”：每车 {kg:+,.0f} 千克。",
                    ("Nets differ from what was declared time after time with {n} of the carriers, "
                    "most of all {who}: {kg:+,.0f} kg a lorry."),
                ),
                language, n=len(certain), who=certain[0].carrier, kg=certain[0].median_kg,
            )
        )  # fmt: skip
    drifting = [one for one in study.scales if one.drifts and abs(one.drift_kg_a_day or 0) >= 1]
    if drifting:
        found.append(
            said(
                (
                    "地磅 {name} 在漂移：每天 {kg:+.1f} 千克，应检定。",
                    "Scale {name} drifts by {kg:+.1f} kg a day: have it verified.",
                ),
                language, name=drifting[0].scale, kg=drifting[0].drift_kg_a_day or 0.0,
            )
        )  # fmt: skip
    return found
