"""The bench of a study gives every figure; how large they are is no test's business."""

import time

from kouan.proving.bench_study.figures import BenchSetting, measure


class Watch:
    def now(self):
        return 0

    def monotonic(self):
        return time.monotonic_ns() // 1000


def test_the_bench_tells_time_memory_and_how_true_the_visits_are():
    found = measure(BenchSetting(rows=1500, layouts=("zh",), gib=0.0001), Watch(), lambda stage: None)
    assert found["truth"]["visits"] == 500
    assert found["truth"]["rebuilt"] > 0.97
    assert found["rejected"] == found["wrong_in_truth"]
    assert found["cpu_s"] > 0
    assert found["large_file"]["bytes"] >= 0.0001 * 1024**3
    assert found["peak_mib"] > 10
