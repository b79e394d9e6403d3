"""One headless Chromium for all tests here, the system's own: nothing is downloaded. Without it, or without playwright, they skip."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from optlab import evidence, report
from tests.evidence.synthetic import study
from tests.report.record import record

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
EVIL = "<script>window.broken = true</script><img src=x onerror='window.broken=true'>"


class Opened:
    """A page in the browser with all it said and asked for."""

    def __init__(self, page: "Page", path: Path) -> None:
        self.page = page
        self.path = path
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))

    def check(self) -> None:
        """No word in the console, and nothing asked for but the page itself."""
        assert self.said == []
        assert [url for url in self.asked if url.split("#")[0] != self.path.as_uri()] == []


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    api = pytest.importorskip("playwright.sync_api", reason="playwright, of the extra dev, is not installed")
    with api.sync_playwright() as started:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update"]
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on two problems; one contender's name and the study's are a script."""
    frame, curves = study(
        contenders=("gd", "momentum", "rmsprop", "adam"), problems=("digits", "wine"), lr=(1e-3, 1e-2, 0.1, 1.0, 10.0), epochs=6
    )
    frame["contender"] = frame["contender"].replace("momentum", EVIL)
    rows = frame["test_metric"].notna()
    frame.loc[rows, "confusion"] = "[[30, 2, 0], [1, 28, 3], [0, 0, 0]]"
    frame.loc[rows, "diagnosis"] = json.dumps(
        {"gradient_norm": [1e-6, 0.1], "update_ratio": [1e-3, 2e-3], "dead_units": [9], "units": [50], "zero_weights": [0, 3],
         "weights": [3200, 500], "sharpness": 4.0}
    )  # fmt: skip
    found = evidence.summary(frame, curves, 0.9, smallest_difference=0.002)
    return report.write(found, frame, curves, record() | {"name": EVIL}, tmp_path_factory.mktemp("page"))


@pytest.fixture
def opened(browser: "Browser", page_file: Path) -> "Iterator[Callable[..., Opened]]":
    """Opens the page from disk; each test ends with the check that it was silent and asked for nothing."""
    contexts, pages = [], []

    def open_(**options: Any) -> Opened:
        context = browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))
        contexts.append(context)
        shown = Opened(context.new_page(), page_file)
        pages.append(shown)
        shown.page.goto(page_file.as_uri())
        return shown

    yield open_
    for shown in pages:
        shown.check()
    for context in contexts:
        context.close()
