"""The page for the keyboard, a screen reader, no script, a narrow screen and paper."""

import itertools
import re
from collections.abc import Callable

import pytest

from tests.browser.conftest import Opened

Open = Callable[..., Opened]


def test_the_tab_key_reaches_everything_one_can_use_and_shows_where_it_is(opened: Open) -> None:
    page = opened().page
    wanted = page.evaluate("""() => [...document.querySelectorAll("a[href], button, select, input, summary, [tabindex='0']")]
        .filter((part) => part.checkVisibility() && part.tabIndex >= 0)
        .map((part, place) => { part.dataset.place = place; return place; })""")
    reached: set[str] = set()
    for _ in range(len(wanted) + 5):
        page.keyboard.press("Tab")
        place, visible = page.evaluate("""() => { const part = document.activeElement; const look = getComputedStyle(part);
            return [part.dataset.place ?? "", look.outlineStyle !== "none" || part.matches(".cell")]; }""")
        assert visible or place == "", place
        reached.add(place)
    assert {str(place) for place in wanted} <= reached


def test_every_control_picture_and_table_has_a_name(opened: Open) -> None:
    page = opened().page
    nameless = page.evaluate("""() => [...document.querySelectorAll("button, select, input, svg, [role=region], [role=tablist], table")]
        .filter((part) => !(part.ariaLabel || part.labels?.length || part.caption?.textContent || part.textContent.trim()))
        .map((part) => part.outerHTML.slice(0, 80))""")
    assert nameless == []
    assert page.locator("html").get_attribute("lang") == "en"
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3')].map((heading) => Number(heading.tagName[1]))")
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_without_a_script_everything_can_be_read(opened: Open) -> None:
    page = opened(java_script_enabled=False).page
    assert page.locator(".tools").is_hidden()
    assert page.locator("[data-name^='Budget: digits'] .panel svg:visible, [data-name^='Budget: wine'] .panel svg:visible").count() == 6
    assert page.locator("figure.map:visible").count() == 3 * 8
    assert page.locator("figure.map .cell title").count() == 3 * 8 * 20
    assert page.locator(".verdict .first").is_visible()


@pytest.mark.parametrize("width", [1280, 420])
def test_nothing_sticks_out(opened: Open, width: int) -> None:
    page = opened(viewport={"width": width, "height": 900}).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    cells = page.locator("figure.map .cell path").first.bounding_box()
    assert cells is not None
    assert cells["width"] > 10


def test_it_prints_whole_in_black_on_white(opened: Open) -> None:
    page = opened(color_scheme="dark").page
    page.get_by_label("Problem", exact=True).select_option("wine")
    page.get_by_label("Optimizer", exact=True).select_option("adam")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator(".problem:visible").count() == 2
    assert page.locator(".tools").is_hidden()
    assert page.locator("[data-name^='Budget: digits'] .panel svg:visible, [data-name^='Budget: wine'] .panel svg:visible").count() == 6
    assert page.locator("figure.map:visible").count() == 2, "the data set and the optimizer that the reader chose"
    document = page.pdf(format="A4")
    assert document.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", document)) >= 3
