"""What browser tests share: the screens of the browser, and how long they wait for what they expect."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.pages.actions import PHONE, window
from tests.world import World

# It costs nothing while the page keeps its promise.
EXPECTED_WITHIN_MS = 20_000

expect.set_options(timeout=EXPECTED_WITHIN_MS)


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    """A phone as officers carry it."""
    with window(browser, **PHONE) as context:
        yield context


@pytest.fixture
def whole_phone(whole_browser: Browser) -> Iterator[BrowserContext]:
    """The same with notifications."""
    with window(whole_browser, **PHONE) as context:
        yield context


@pytest.fixture
def narrow(browser: Browser) -> Iterator[BrowserContext]:
    """The narrowest phone on which every page has to fit."""
    with window(browser, viewport={"width": 320, "height": 640}, has_touch=True, is_mobile=True) as context:
        yield context


@pytest.fixture
def desk(browser: Browser) -> Iterator[BrowserContext]:
    """A screen on a desk."""
    with window(browser, viewport={"width": 1280, "height": 900}) as context:
        yield context


@pytest.fixture
def quiet(world: World) -> World:
    """The world with the notifier stopped: only the page and its socket speak."""
    world.stop_worker()
    return world
