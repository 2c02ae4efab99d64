"""Furniture of the browser tests: one Chromium a session, one server a test, and pages that collect every complaint."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from tests.browser import pages
from tests.browser.city import City, small_city
from tests.browser.server import FakeServer, running
from tests.conftest import NOW

PHONE: ViewportSize = {"width": 360, "height": 740}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
FLAGS = (
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)
READ_PIXELS = """async (png) => {
  const image = new Image();
  image.src = "data:image/png;base64," + png;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  const pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0);
  const counts = {};
  const data = pen.getImageData(0, 0, image.width, image.height).data;
  for (let at = 0; at < data.length; at += 4) {
    const key = [data[at], data[at + 1], data[at + 2]].join(",");
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}"""


@dataclass
class Visit:
    """A page that is being looked at, with everything that the browser complained of."""

    page: Page
    fake: FakeServer
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str = "/", ready: str | None = "window") -> Page:
        """Open a path; wait until the map has come as far as `ready`."""
        self.page.goto(self.fake.address + path)
        if ready:
            self.page.wait_for_selector(f'#map-page[data-ready="{ready}"]', timeout=30_000)
        return self.page

    def slide_to(self, index: int) -> None:
        """Put the slider onto a bin, as a finger would."""
        self.page.eval_on_selector(
            "#time-slider",
            "(slider, index) => { slider.value = index; slider.dispatchEvent(new Event('input', { bubbles: true })); }",
            index,
        )
        self.page.wait_for_timeout(150)


Open = Callable[..., Visit]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium, or Playwright's own where there is none."""
    with sync_playwright() as playwright:
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def city() -> City:
    """The made-up city, made once."""
    assert (pages.ROOT / "static/dist/.vite/manifest.json").is_file(), "The front end is not built: make front"
    made = small_city(NOW)
    made.manifest()
    return made


@pytest.fixture
def fake(city: City) -> Iterator[FakeServer]:
    """A server of the city, fresh for the test."""
    with running(city) as server:
        yield server


@pytest.fixture
def visit(chromium: Browser, fake: FakeServer) -> Iterator[Open]:
    """Open pages in contexts of their own: `visit(viewport=PHONE, color_scheme="dark", ...)`."""
    contexts: list[BrowserContext] = []

    def open_page(**options: Any) -> Visit:
        options = {"viewport": PHONE, "has_touch": options.get("viewport", PHONE) == PHONE, **options}
        context = chromium.new_context(**options)
        contexts.append(context)
        made = Visit(context.new_page(), fake)
        made.page.clock.set_fixed_time(fake.city.now)  # the same evening at whatever hour the tests run
        made.page.on("console", lambda message: _note(made, message.type, message.text))
        made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
        return made

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def pixels(chromium: Browser) -> Iterator[Callable[[bytes], dict[tuple[int, ...], int]]]:
    """Count the colours of a screenshot."""
    page = chromium.new_page()

    def count(png: bytes) -> dict[tuple[int, ...], int]:
        counted = page.evaluate(READ_PIXELS, base64.b64encode(png).decode())
        return {tuple(json.loads(f"[{key}]")): number for key, number in counted.items()}

    yield count
    page.close()


def _note(visit: Visit, kind: str, text: str) -> None:
    if kind in {"error", "warning"} and "GPU stall" not in text and "GL Driver" not in text:
        visit.complaints.append(text)


def bin_clock(city: City, index: int) -> str:
    """Return what the clock shows for a bin: its end, in the place's time."""
    end: datetime = city.starts[index] + timedelta(minutes=15)
    return (end + timedelta(hours=5)).strftime("%H:%M")
