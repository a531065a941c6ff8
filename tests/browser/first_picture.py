"""How long it takes from opening the overview to the first useful picture: every lane drawn as it stands.

``python -m tests.browser.first_picture`` opens a port that stands still, with an empty cache each time; ``--url`` opens
another, whose sign-in page shows the demonstration's account. No test asserts a speed; docs/reference/benchmarks.md
has what was measured.
"""

import argparse
import json
import shutil
import statistics
import sys
from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Browser, sync_playwright
from tests.browser.conftest import ARGUMENTS, signed_in, until
from tests.browser.fixture_port import FixturePort, Served, application

from kouan.adapters.clock import SystemClock

GOAL_MS = 1500
"""The goal for the first useful picture (docs/reference/benchmarks.md)."""

WATCH = """
window.useful = null;
new MutationObserver((_, watching) => {
  if (document.querySelectorAll('a[data-lane]').length < LANES) return;
  watching.disconnect();
  requestAnimationFrame(() => requestAnimationFrame(() => (window.useful = performance.now())));
}).observe(document, {childList: true, subtree: true});
"""
"""Notes when as many lanes as there are have been drawn: two frames later they are on the screen."""

TIMES = """() => ({
  useful_ms: window.useful,
  first_paint_ms: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null,
  bytes: performance.getEntriesByType('resource').reduce((sum, one) => sum + one.transferSize, 0),
})"""


def measure(chromium: Browser, url: str, loads: int, language: str = "zh", lanes: int = 19) -> dict[str, Any]:
    """Open the overview so many times, each with an empty cache, and return medians and every load, in milliseconds."""
    found = []
    for _ in range(loads):
        context = signed_in(chromium, url)
        page = context.new_page()
        page.add_init_script(WATCH.replace("LANES", str(lanes)))
        page.goto(f"{url}/?lang={language}")
        until(page, "() => window.useful !== null", timeout_s=60)
        found.append(page.evaluate(TIMES))
        context.close()
    return {"loads": found, "goal_ms": GOAL_MS, **{f"median_{name}": _median(found, name) for name in found[0]}}


def _median(found: Sequence[dict[str, Any]], name: str) -> float | None:
    known = [one[name] for one in found if one[name] is not None]
    return statistics.median(known) if known else None


def main() -> None:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loads", type=int, default=9)
    parser.add_argument("--url", default=None)
    parser.add_argument("--lang", default="zh", choices=("zh", "en"))
    asked = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(ARGUMENTS))
        if asked.url is not None:
            figures = measure(browser, asked.url, asked.loads, asked.lang)
        else:
            with Served(application(FixturePort(SystemClock().now))) as url:
                figures = measure(browser, url, asked.loads, asked.lang)
        browser.close()
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
