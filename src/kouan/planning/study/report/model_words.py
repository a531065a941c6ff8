"""The words of what the flow model answered, in Chinese and English."""

from collections.abc import Mapping

from kouan.planning.study.report.words import Words

MEASURES: Mapping[str, Words] = {
    "turn_round_min": ("周转，平均（分钟）", "turn-round, mean (min)"),
    "turn_round_p95_min": ("周转，95% 不超过（分钟）", "turn-round, 95 % below (min)"),
    "visit_min": ("从本方排队起的进出（分钟）", "visit from our own line (min)"),
    "gate_min": ("卡口及排队（分钟）", "gate with its line (min)"),
    "gate_wait_min": ("卡口前排队（分钟）", "in line before the gate (min)"),
    "line_longest": ("最长队列（辆）", "longest line (vehicles)"),
    "yard_min": ("场区、过磅和卸货（分钟）", "yard, weighing and unloading (min)"),
    "second_min": ("机检和查验（分钟）", "scanner and examination (min)"),
    "out_min": ("出境（分钟）", "way out (min)"),
    "lorries": ("每天车辆", "lorries a day"),
    "served_share": ("午夜前驶离（比例）", "gone by midnight (share)"),
}
"""What the flow model measures."""

CHANGES: Mapping[str, Words] = {
    "open": ("开放时间", "opens at"),
    "close": ("关闭时间", "closes at"),
    "lanes_in": ("入境通道", "lanes in"),
    "lanes_out": ("出境通道", "lanes out"),
    "traffic": ("车流倍数", "times the traffic"),
    "slots": ("预约时段长度", "length of an appointment"),
    "slot_places": ("每时段名额", "lorries in an appointment"),
    "stops": ("停车次数", "stops"),
    "checks": ("查验方式", "checks at the stop"),
    "scan_share": ("机检比例", "share that is scanned"),
    "examine_share": ("人工查验比例", "share that is examined"),
    "scanners": ("机检设备", "scanners"),
    "bays": ("查验位", "inspection bays"),
    "examine_min": ("查验平均用时", "an examination, on average"),
    "scales": ("地磅", "scales"),
    "weighing_min": ("过磅平均用时", "a weighing, on average"),
    "unloading": ("卸货位", "places to unload"),
    "unload_min": ("卸货平均用时", "unloading, on average"),
    "held_share": ("待检比例", "share that waits for a result"),
    "yard_space": ("场区车位", "room in the yard"),
    "far_lanes": ("对方口岸通道", "lanes of the far side"),
    "agv_loads": ("AGV 每日趟数", "AGV loads a day"),
    "agvs": ("AGV 数量", "AGVs"),
    "trains": ("每日列车", "trains a day"),
}
"""What can be changed of a plan, by its name on the command line."""

PLACES: Mapping[str, Words] = {
    "far_side": ("对方口岸", "the far side"),
    "gate_in": ("入境卡口", "gate in"),
    "scan": ("机检", "scanner"),
    "examine": ("查验", "examination"),
    "weighing": ("地磅", "scales"),
    "unload": ("卸货", "unloading"),
    "gate_out": ("出境卡口", "gate out"),
}
"""Where vehicles stand in line in the flow model."""

STAGES: Mapping[str, Words] = {
    "stage.far_side": ("对方口岸", "the far side"),
    "stage.gate_in": ("入境卡口停车", "the stop at the gate"),
    "stage.scan": ("机检", "the scanner"),
    "stage.examine": ("查验", "examinations"),
    "stage.weigh_gross": ("过磅本身", "weighing itself"),
    "stage.unload": ("卸货", "unloading"),
    "stage.weigh_tare": ("空车过磅", "weighing empty"),
    "stage.gate_out": ("出境卡口", "the way out"),
}
"""Stages of which files may say nothing, by message id."""
