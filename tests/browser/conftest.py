"""One Chromium, one port and a signed-in page for the browser tests."""

import importlib.util
import os
import pathlib
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import APIRequestContext, Browser, BrowserContext, Page, sync_playwright
from tests.browser.fixture_port import FixturePort, Served, application
from tests.browser.real_port import shared_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
ARGUMENTS = (
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-quic",
    "--disable-gpu-sandbox",
)
FORENOON = 1_767_925_327_000_000
"""A fixed instant for the port that stands still: 2026-01-09 10:22:07 in Beijing."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)


def load_build_script(root: pathlib.Path = ROOT) -> ModuleType:
    """Import scripts/build_console.py of a checkout."""
    spec = importlib.util.spec_from_file_location(
        f"build_console_{abs(hash(root))}", root / "scripts" / "build_console.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def built_console() -> None:
    """The console, built from the sources as they are now."""
    load_build_script().build()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium; without one the tests are skipped, but never in CI."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no Chromium on this machine")
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def port_url(built_console: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The port that the tests look at: a real one, with its engines and its simulated field."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with shared_port(shared / "real-port") as url:
        yield url


@pytest.fixture
def fixture_port() -> FixturePort:
    """A port that stands still, whose state a test may set and read."""
    return FixturePort(lambda: FORENOON)


@pytest.fixture
def fixture_url(built_console: None, fixture_port: FixturePort) -> Iterator[str]:
    """Where ``fixture_port`` is served."""
    with Served(application(fixture_port)) as url:
        yield url


@pytest.fixture(scope="session")
def calm_url(built_console: None) -> Iterator[str]:
    """A port where all is well."""
    with Served(application(FixturePort(lambda: FORENOON, calm=True))) as url:
        yield url


OpenContext = Callable[..., BrowserContext]


def password_of(request: APIRequestContext, url: str, user: str) -> str:
    """Return the password that a demonstration shows on its sign-in page."""
    accounts = request.get(f"{url}/api/v1/session", max_retries=3).json()["demo"]
    return next(account["password"] for account in accounts if account["username"] == user)


def signed_in(chromium: Browser, url: str, user: str | None = "demo", **options: Any) -> BrowserContext:
    """Open a browser context of its own, signed in at a port unless ``user`` is None."""
    settings: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}, "locale": "en-US"} | options
    context = chromium.new_context(**settings)
    context.set_default_timeout(15_000)
    if user is not None:
        data = {"username": user, "password": password_of(context.request, url, user)}
        answer = context.request.post(f"{url}/api/v1/session", data=data, headers={"X-Kouan-CSRF": "test"})
        assert answer.ok, answer.text()
    return context


@pytest.fixture
def context_of(chromium: Browser) -> Iterator[OpenContext]:
    """Open contexts that end with the test: ``context_of(url, user="demo", **options)``."""
    opened: list[BrowserContext] = []

    def open_context(url: str, user: str | None = "demo", **options: Any) -> BrowserContext:
        opened.append(signed_in(chromium, url, user, **options))
        return opened[-1]

    yield open_context
    for context in opened:
        context.close()


@pytest.fixture(scope="session")
def visitor(chromium: Browser, port_url: str) -> Iterator[BrowserContext]:
    """One context signed in at the port, which the tests share because opening one takes a second."""
    context = signed_in(chromium, port_url)
    for _ in range(600):
        passages = context.request.get(f"{port_url}/api/v1/passages?limit=20", max_retries=3).json()["items"]
        if any(passage["state"] == "cleared" for passage in passages):
            break
        time.sleep(0.1)
    else:
        pytest.fail(f"no lorry cleared the port within a minute: {passages}")
    yield context
    context.close()


@pytest.fixture
def page(visitor: BrowserContext) -> Iterator[Page]:
    """An empty page, signed in at the port."""
    page = visitor.new_page()
    yield page
    page.close()


@pytest.fixture
def overview(page: Page, port_url: str) -> Page:
    """The port's overview in English, by day."""
    page.goto(f"{port_url}/?lang=en&theme=day")
    page.locator("[data-lane]").first.wait_for()
    return page


def until(page: Page, condition: str, argument: object = None, timeout_s: float = 20) -> None:
    """Wait until a JavaScript function of the page holds (the page's policy forbids wait_for_function)."""
    tries = round(timeout_s / 0.1)
    for _ in range(tries):
        if page.evaluate(condition, argument):
            return
        page.wait_for_timeout(100)
    pytest.fail(f"never held: {condition}")
