"""The words of a report, in Chinese and English."""

from collections.abc import Mapping

LANGUAGES = ("zh", "en")
"""The languages of a report."""

Words = tuple[str, str]
"""A text in Chinese and in English."""

WORDS: Mapping[str, Words] = {
    "title": ("口岸通行研究报告", "Where the hours go: a study of the port"),
    "period": ("{first} 至 {last}，{days} 天", "{first} to {last}, {days} days"),
    "summary": ("要点", "In short"),
    "files": ("所用文件", "The files"),
    "rejected": ("未采用的数据行", "Rows that were not used"),
    "bottlenecks": ("时间损失排名", "Where hours are lost"),
    "queue": ("各时刻排队车辆", "Vehicles waiting, by the clock"),
    "arrivals": ("各时刻到达与通过", "Arrivals and passings, by the clock"),
    "space_time": ("时空图：{day}", "Space–time diagram, {day}"),
    "traffic": ("每日入境车次", "Entries by day"),
    "by_hour": ("各小时损失（小时/天）", "Hours lost a day, by hour of the day"),
    "carriers": ("承运单位净重差", "Net weights against declared, by carrier"),
    "scales": ("地磅比对", "Scales against each other"),
    "fits": ("数据的吻合程度", "How the files fit together"),
    "how": ("计算方法", "How this was computed"),
    "in": ("入境", "inbound"),
    "out": ("出境", "outbound"),
    "leg": ("环节", "leg"),
    "visits": ("车次", "visits"),
    "median": ("中位数", "median"),
    "p90": ("九成不超过", "nine in ten below"),
    "free": ("畅通时", "free"),
    "lost": ("损失（小时/天）", "lost (h a day)"),
    "share": ("占比", "share"),
    "worst": ("最严重时段", "worst hour"),
    "mean": ("平均", "mean"),
    "arrived": ("到达", "arrived"),
    "passed": ("通过", "passed"),
    "file": ("文件", "file"),
    "rows": ("行数", "rows"),
    "used": ("采用", "used"),
    "kind": ("内容", "holds"),
    "columns": ("列的含义", "columns read as"),
    "reason": ("原因", "reason"),
    "example": ("例", "for example"),
    "row": ("第{row}行", "row {row}"),
    "carrier": ("承运单位", "carrier"),
    "tickets": ("磅单", "tickets"),
    "difference": ("差值中位数（千克）", "median difference (kg)"),
    "interval": ("95% 区间", "95 % interval"),
    "beyond": ("超出 0.5%", "beyond 0.5 %"),
    "scale": ("地磅", "scale"),
    "offset": ("偏差（千克）", "offset (kg)"),
    "drift": ("漂移（千克/天）", "drift (kg a day)"),
    "days": ("天数", "days"),
    "passages": ("卡口通行", "passages"),
    "minutes": ("分钟", "min"),
    "seconds": ("秒", "s"),
    "hours": ("小时", "h"),
    "missing": ("文件中没有、因此未作说明的内容", "What the files do not show, and is therefore not told"),
    "refused": ("整表未采用：{why}", "not used at all: {why}"),
    "place.queue": ("排队", "queue"),
    "place.gate": ("入境卡口", "gate in"),
    "place.gross": ("首次过磅", "first weighing"),
    "place.tare": ("末次过磅", "last weighing"),
    "place.exit": ("出境卡口", "gate out"),
    "print": ("打印", "Print"),
    "what_if": ("若改变：{changes}", "What if: {changes}"),
    "error": (
        "先看误差：在模型未见过的 {days} 天里，模型平均偏差 {error:.1%}。小于此误差的变化不足为凭。",
        (
            "First its error: on {days} days that it had not seen, the model was {error:.1%} off on average. "
            "A change smaller than that proves nothing."
        ),
    ),
    "changed": ("改变：{changes}。", "Changed: {changes}."),
    "certain": (
        "{measure}：{before:,.1f} → {after:,.1f}（差 {low:+,.1f} 至 {high:+,.1f}）",
        "{measure}: {before:,.1f} → {after:,.1f} (by {low:+,.1f} to {high:+,.1f})",
    ),
    "nothing_certain": ("没有一项指标确定地变化百分之一以上。", "No measure certainly changes by a hundredth or more."),
    "elsewhere": (
        "文件未说明原因的时间：每次 {min:,.0f} 分钟，任何改变都不触及。",
        "{min:,.0f} min of each visit have no cause in the files; no change touches them.",
    ),
    "assumed": ("文件中没有、因此取假定值的环节：{names}", "Not in the files, and therefore assumed: {names}"),
    "paired": (
        "{n} 对模拟日，两者经历相同的车辆与偶然；括号内为 95% 区间。",
        "{n} pairs of days that live through the same lorries and the same chance; in brackets 95 % intervals.",
    ),
    "measure": ("指标", "measure"),
    "before": ("现状", "as it is"),
    "after": ("改变后", "changed"),
    "by": ("差", "difference"),
    "sure": ("确定", "certain"),
    "yes": ("是", "yes"),
    "no": ("不确定", "chance"),
    "lines": ("各环节排队（车时/天）", "Vehicle-hours in line a day, by place"),
    "line_by_clock": ("各时刻排队车辆 · {place}", "Vehicles in line, by the clock · {place}"),
    "place": ("环节", "place"),
    "change": ("改变", "change"),
    "day": ("日期", "day"),
    "observed": ("实际（分钟）", "observed (min)"),
    "said": ("模型（分钟）", "model (min)"),
    "line_h": ("车时/天", "vehicle-hours a day"),
}
"""Titles, heads and places of a report."""

TRACKED = ("queue", "gate", "gross", "tare", "exit")
"""The places of a space-time diagram, in the order of a visit."""

LEGS: Mapping[str, Words] = {
    "queue_in": ("入境卡口前排队", "queue before the gate, inbound"),
    "stop_in": ("入境卡口停车", "stop at the gate, inbound"),
    "to_scales": ("卡口至首次过磅", "from the gate to the first weighing"),
    "between_weighings": ("两次过磅之间（卸货）", "between weighings (unloading)"),
    "to_exit": ("末次过磅至出境卡口", "from the last weighing to the exit"),
    "queue_out": ("出境卡口前排队", "queue before the gate, outbound"),
    "stop_out": ("出境卡口停车", "stop at the gate, outbound"),
    "turn_round": ("周转（入境停车至驶离）", "turn-round (stop at entry to leaving)"),
}
"""The legs of a visit."""

COUNTS: Mapping[str, Words] = {
    "rows": ("读入数据行", "rows read"),
    "used": ("采用的数据行", "rows used"),
    "passages": ("卡口通行", "passages"),
    "tickets": ("磅单", "tickets"),
    "vehicles": ("车辆", "vehicles"),
    "visits": ("还原的车次（进出一次）", "visits put together"),
    "whole_visits": ("其中进出齐全", "of them with entry and exit"),
    "entries_without_exit": ("有进无出", "entries without an exit"),
    "exits_without_entry": ("有出无进", "exits without an entry"),
    "passages_again": ("重复的通行记录", "passages written twice"),
    "tickets_again": ("重复打印的磅单", "tickets printed twice"),
    "ticket_numbers_again": ("磅单号重复而内容不同", "ticket numbers used twice"),
    "nets_wrong": ("净重不等于毛重减皮重", "nets that are not gross less tare"),
    "tickets_without_entry": ("有磅单无入境通行", "weighed without an entry"),
    "entries_without_ticket": ("入境而无磅单", "entered without a ticket"),
    "spelled_variously": ("写法不一的车牌", "plates spelled in several ways"),
    "plates_of_no_known_form": ("非中蒙俄制式车牌", "plates of no known form, used as they are"),
}
"""How much there is, and how it fits together."""

HEADLINE: Mapping[str, Words] = {
    "entered_a_day": ("每天入境（车次）", "entries a day"),
    "turn_round_p50_h": ("周转时间中位数（小时）", "turn-round, median (h)"),
    "turn_round_p90_h": ("九成周转不超过（小时）", "turn-round, nine in ten below (h)"),
    "lost_h_a_day": ("每天损失（车时）", "vehicle-hours lost a day"),
    "most_waiting": ("排队最多（辆）", "most vehicles in a queue"),
    "used_share": ("采用的数据行", "rows that were used"),
}
"""The figures that tell most."""

RULES: Mapping[str, Words] = {
    "row.outside": ("表头之外的标题或附注", "a title or note outside the table"),
    "row.header": ("重复的表头", "the header once more"),
    "row.total": ("合计行", "a line of totals"),
    "row.width": ("单元格多于表头", "more cells than headers"),
    "text.encoding": ("乱码，不是文件的编码", "text of another encoding"),
    "plate.missing": ("没有车牌", "no plate"),
    "plate.form": ("车牌无法识别", "no plate that can be read"),
    "time.missing": ("没有时间", "no time"),
    "time.form": ("时间无法识别", "no time that can be read"),
    "time.order": ("先后时间颠倒", "a later time before an earlier one"),
    "time.span": ("时间间隔过长，不可能", "times too far apart to be true"),
    "time.far": ("日期与其他行相差一年以上", "more than a year from the other rows"),
    "mass.missing": ("没有重量", "no mass"),
    "mass.form": ("重量无法识别", "no mass that can be read"),
    "mass.negative": ("重量为负", "a negative mass"),
    "mass.impossible": ("重量超过 200 吨", "a mass above 200 t"),
    "mass.order": ("毛重小于皮重", "gross below tare"),
    "direction.missing": ("没有进出方向", "no direction"),
    "direction.unknown": ("进出方向无法识别", "no direction that can be read"),
}
"""Why rows are not used, by rule."""

MISSING: Mapping[str, Words] = {
    "study.no_passages": ("没有卡口通行：周转和排队未作说明。", "No passages: turn-round and queues are not told."),
    "study.no_queue_times": (
        "没有到达或排队时间：卡口前排了多久无法得知，到达按通过时刻计。",
        "No time of arrival: how long vehicles queued before the gate is unknown; arrivals are counted as they passed.",
    ),
    "study.no_stop_times": (
        "每次通行只有一个时间：停车时长无法得知。",
        "One time a passage: how long vehicles stood in the lane is not known.",
    ),
    "study.no_passages_in": ("没有入境通行。", "No inbound passages."),
    "study.no_passages_out": ("没有出境通行：周转无法得知。", "No outbound passages: turn-round cannot be told."),
    "study.no_tickets": ("没有磅单：卸货和重量未作说明。", "No tickets: unloading and weights are not told."),
    "study.no_declared": ("磅单没有申报重量：净重无法比对。", "No declared masses: nets cannot be compared."),
    "study.no_scales": ("磅单没有磅号：地磅无法比对。", "No scale on tickets: scales cannot be compared."),
}  # fmt: skip
"""What files do not show, by message id."""

HOW: tuple[Words, ...] = (
    (
        (
            "每辆车的通行与过磅按时间排列：入境开始一次，出境结束一次，36 小时无记录另起一次；"
            "10 分钟内同向重复只计一次。"
        ),
        (
            "Each vehicle's passages and weighings are laid in the order of time: an entry begins a visit, an exit "
            "ends it, 36 hours without a record begin another; a second passage the same way within ten minutes is "
            "not counted."
        ),
    ),
    (
        ("损失：排队全部计入；其他环节为超出“畅通时”（最快一成车辆的最慢者）的部分。装卸快慢不同也计在内，故为上限。"),
        (
            "Lost is all of a queue, and of other legs what exceeds the free time, the slowest of the quickest tenth. "
            "Loads that take longer to unload are counted in: it is an upper bound of what could be gained."
        ),
    ),
    (
        (
            "净重差：毛重减皮重，再减申报重量；中位数的 95% 区间按次序统计量。"
            "地磅：同一车辆空重与其自身中位数之差，漂移为 Theil–Sen 斜率。"
        ),
        (
            "Differences are gross less tare less declared; medians have 95 % intervals by order statistics. Scales "
            "are compared by the empty weights of vehicles that came again; drift is the Theil–Sen slope of daily "
            "medians."
        ),
    ),
)
"""How figures are computed, a paragraph each."""


def said(words: Words, language: str, **values: object) -> str:
    """Return words in a language, their places filled."""
    return words[LANGUAGES.index(language)].format(**values)


def word(name: str, language: str, **values: object) -> str:
    """Return the words of this name in a language."""
    return said(WORDS[name], language, **values)
