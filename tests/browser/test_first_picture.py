"""What the first picture takes is told by a command; how long it takes is no test's business."""

from playwright.sync_api import Browser
from tests.browser.first_picture import measure


def test_the_first_picture_is_measured_with_an_empty_cache_each_time(chromium: Browser, calm_url: str) -> None:
    found = measure(chromium, calm_url, loads=2, language="en")
    assert len(found["loads"]) == 2
    assert found["median_useful_ms"] > 0
    assert min(load["bytes"] for load in found["loads"]) > 100_000  # the console itself, both times
