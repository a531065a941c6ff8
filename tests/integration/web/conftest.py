"""Fixtures of the web tests."""

from collections.abc import AsyncIterator

import pytest
from tests.integration.web.web_kit import WebPort, web_port


@pytest.fixture
async def port() -> AsyncIterator[WebPort]:
    """A port with people, in memory."""
    async with web_port() as opened:
        yield opened
