"""What a study found, as the console shows it."""

from collections.abc import Callable

import msgspec

from kouan.planning.study.findings import Rejection, Study
from kouan.planning.study.hours import Profile
from kouan.planning.study.kept import (
    Answer,
    FigureShown,
    LegShown,
    QueueShown,
    RejectionShown,
    RowShown,
    SourceShown,
    Texts,
    TracksShown,
)
from kouan.planning.study.legs import Leg, LegFigures
from kouan.planning.study.report.sentences import not_told, summary
from kouan.planning.study.report.words import COUNTS, HEADLINE, LANGUAGES, LEGS, RULES, TRACKED, WORDS, Words


def answer_of(study: Study) -> Answer:
    """Return the answer of a study in every language of its report."""
    return Answer(
        first_day=study.first_day,
        last_day=study.last_day,
        days=study.days,
        summary=_sentences(study, summary),
        not_told=_sentences(study, not_told),
        headline=_headline(study),
        legs=tuple(_leg(each) for each in study.legs),
        queues=tuple(_queue(each) for each in study.profiles),
        rejections=tuple(_rejection(each) for each in study.rejections),
        sources=tuple(
            SourceShown(each.name, each.rows, each.used, each.kind, each.refused, each.mend) for each in study.sources
        ),
        counts=tuple(FigureShown(name, _texts(words), getattr(study.counts, name)) for name, words in COUNTS.items()),
        tracks=_tracks(study),
    )


def for_all(study: Study) -> Study:
    """Return a study without what its rows say: what is printed shows no plate."""
    rejections = tuple(
        msgspec.structs.replace(each, examples=tuple(msgspec.structs.replace(one, value="") for one in each.examples))
        for each in study.rejections
    )
    return msgspec.structs.replace(study, rejections=rejections, spellings={})


def _headline(study: Study) -> tuple[FigureShown, ...]:
    days = max(study.days, 1)
    lost = sum(leg.lost_h_a_day for leg in study.legs if leg.leg is not Leg.TURN_ROUND)
    known = {"entered_a_day": sum(day.entered for day in study.traffic) / days, "lost_h_a_day": lost}
    if study.turn_round is not None:
        known |= {"turn_round_p50_h": study.turn_round.p50_s / 3600, "turn_round_p90_h": study.turn_round.p90_s / 3600}
    waiting = [profile.most_waiting for profile in study.profiles if profile.waiting]
    if waiting:
        known["most_waiting"] = max(waiting)
    known["used_share"] = study.counts.used / max(study.counts.rows, 1)
    return tuple(FigureShown(name, _texts(HEADLINE[name]), round(value, 4)) for name, value in known.items())


def _leg(leg: LegFigures) -> LegShown:
    return LegShown(
        leg.leg, _texts(LEGS[leg.leg]), leg.spread.n, leg.spread.p50_s, leg.spread.p90_s, leg.free_s,
        leg.lost_h_a_day, leg.share, leg.worst_hour, leg.lost_h_by_hour,
    )  # fmt: skip


def _queue(profile: Profile) -> QueueShown:
    return QueueShown(
        profile.direction, profile.arrived, profile.passed, profile.waiting, profile.waiting_p90,
        profile.most_waiting, profile.most_waiting_at,
    )  # fmt: skip


def _tracks(study: Study) -> TracksShown | None:
    if not study.tracks:
        return None
    places = tuple(_texts(WORDS[f"place.{place}"]) for place in TRACKED)
    return TracksShown(study.busiest_day, places, tuple(track.points for track in study.tracks))


def _rejection(rejection: Rejection) -> RejectionShown:
    reason = RULES.get(rejection.rule, (rejection.rule, rejection.rule))
    examples = tuple(RowShown(each.source, each.row, each.field, each.value) for each in rejection.examples)
    return RejectionShown(rejection.rule, _texts(reason), rejection.rows, examples)


def _texts(words: Words) -> Texts:
    return dict(zip(LANGUAGES, words, strict=True))


def _sentences(study: Study, told: Callable[[Study, str], tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {language: told(study, language) for language in LANGUAGES}
