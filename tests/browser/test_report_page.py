"""What a reader does with the page, in a real browser."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import EVIL, Opened

Open = Callable[..., Opened]


def column(opened: Opened, table: str, place: int) -> list[str]:
    """The texts of a column in the rows that show."""
    script = """([table, place]) => [...document.querySelector(table).tBodies[0].rows].filter((row) => row.offsetParent)
        .map((row) => (row.cells[place].dataset.value ?? row.cells[place].innerText).trim())"""
    found: list[str] = opened.page.evaluate(script, [table, place])
    return found


def test_nothing_is_asked_for_and_nothing_complains_also_when_everything_is_used(opened: Open) -> None:
    shown = opened()
    page = shown.page
    for summary in page.locator("summary").all():
        summary.click()
    for button in page.locator("button:visible").all():
        button.click()
    assert shown.asked == [shown.path.as_uri()]
    assert page.evaluate("performance.getEntriesByType('resource').length") == 0
    shown.check()


def test_a_script_in_a_name_is_text(opened: Open) -> None:
    page = opened().page
    assert page.evaluate("window.broken === undefined")
    assert page.locator("h1").inner_text() == EVIL
    assert page.title().startswith(EVIL)
    assert EVIL in page.locator("#optimizer").inner_text()
    assert page.locator("img").count() == 0
    cell = page.locator("figure.map").nth(1).locator(".cell").first
    cell.hover()
    assert EVIL in page.locator("#tip").inner_text()
    assert page.evaluate("window.broken === undefined")


def test_the_security_policy_stops_any_other_script(opened: Open) -> None:
    shown = opened()
    shown.page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.broken = true";
        document.body.append(script);
        document.body.insertAdjacentHTML("beforeend", "<b id=b onclick='window.broken = true'>x</b>");
        document.getElementById("b").click();
    }""")
    assert shown.page.evaluate("window.broken === undefined")
    assert any("Content Security Policy" in text for text in shown.said)
    shown.said.clear()


def test_a_click_on_a_heading_sorts_and_a_second_turns_it_round(opened: Open) -> None:
    shown = opened()
    table = 'table[data-name="ranked: digits"]'
    heading = shown.page.locator(f"{table} th", has_text=re.compile("^median$"))
    place = heading.evaluate("cell => cell.cellIndex")
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    values = [float(text) for text in column(shown, table, place)]
    assert values == sorted(values, reverse=True)
    heading.get_by_role("button").press("Enter")
    assert heading.get_attribute("aria-sort") == "ascending"
    assert [float(text) for text in column(shown, table, place)] == values[::-1]
    name = shown.page.locator(f"{table} th[scope=col]", has_text="contender")
    name.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "none"
    names = column(shown, table, name.evaluate("cell => cell.cellIndex"))
    assert names == sorted(names, key=str.lower)


def test_sorting_reads_numbers_with_units_and_signs(opened: Open) -> None:
    shown = opened()
    for name, heading in (("time to target: digits", "seconds"), ("Claims: digits", "difference")):
        table = f'table[data-name="{name}"]'
        cell = shown.page.locator(f"{table} thead th", has_text=heading)
        cell.get_by_role("button").click()
        values = [float(text) for text in column(shown, table, cell.evaluate("cell => cell.cellIndex"))]
        assert len(values) >= 3
        assert values == sorted(values, reverse=cell.get_attribute("aria-sort") == "descending")


def test_filtering_keeps_the_rows_with_every_word(opened: Open) -> None:
    shown = opened()
    field = shown.page.get_by_role("searchbox", name="Filter rows: Claims: digits")
    table = 'table[data-name="Claims: digits"]'
    every = column(shown, table, 0)
    field.fill("adam gd")
    left = column(shown, table, 0)
    assert left == [text for text in every if "adam" in text and "gd" in text]
    assert 0 < len(left) < len(every)
    assert f"{len(left)} of {len(every)} rows" in shown.page.locator("p.filter").first.inner_text()
    field.fill("")
    assert column(shown, table, 0) == every


def test_one_problem_at_a_time(opened: Open) -> None:
    page = opened().page
    assert page.locator(".problem:visible").count() == 2
    page.get_by_label("Problem", exact=True).select_option("wine")
    assert page.locator(".problem:visible").count() == 1
    assert page.locator(".problem:visible h2").first.inner_text() == "wine"
    page.get_by_label("Problem", exact=True).select_option("all")
    assert page.locator(".problem:visible").count() == 2


def test_one_optimizer_at_a_time(opened: Open) -> None:
    shown = opened()
    page = shown.page
    page.get_by_label("Optimizer", exact=True).select_option("adam")
    maps = page.locator("figure.map:visible svg")
    assert maps.count() == 2
    assert all("adam" in str(one.get_attribute("aria-label")) for one in maps.all())
    assert all("adam" in text for text in column(shown, 'table[data-name="Claims: digits"]', 0))
    faded = page.locator("[data-of='0'].faded")
    assert faded.count() > 0
    assert float(faded.first.evaluate("part => getComputedStyle(part).opacity")) < 0.5
    assert page.locator("[data-of='3'].faded").count() == 0
    page.get_by_label("Optimizer", exact=True).select_option("all")
    assert page.locator(".faded").count() == 0
    assert page.locator("figure.map:visible").count() == 8


def test_budgets_are_tabs_for_the_mouse_and_the_keyboard(opened: Open) -> None:
    page = opened().page
    tabs = page.get_by_role("tablist", name="Budget: digits").get_by_role("tab")
    assert [tab.inner_text() for tab in tabs.all()] == ["optimizer steps", "seconds of training", "floating-point operations"]
    group = page.locator(".tabs[data-name='Budget: digits']")
    assert group.locator("svg:visible").count() == 1
    tabs.nth(1).click()
    assert "seconds of training" in str(group.locator("svg:visible").get_attribute("aria-label"))
    page.keyboard.press("ArrowRight")
    assert tabs.nth(2).get_attribute("aria-selected") == "true"
    assert "floating-point" in str(group.locator("svg:visible").get_attribute("aria-label"))
    page.keyboard.press("ArrowRight")
    assert tabs.nth(0).evaluate("tab => tab === document.activeElement")
    assert group.get_by_role("tabpanel").get_attribute("aria-labelledby") == tabs.nth(0).get_attribute("id")


def test_the_heat_maps_switch_between_data_sets(opened: Open) -> None:
    page = opened().page
    tabs = page.get_by_role("tablist", name="Data shown in the heat maps: digits").get_by_role("tab")
    assert [tab.inner_text() for tab in tabs.all()] == ["validation", "test", "train"]
    group = page.locator(".tabs[data-name='Data shown in the heat maps: digits']")

    def shown() -> list[str]:
        return [str(svg.get_attribute("aria-label")) for svg in group.locator("figure.map:visible svg").all()]

    assert len(shown()) == 4 and all("validation data" in text for text in shown())
    tabs.nth(0).focus()
    page.keyboard.press("ArrowRight")
    assert tabs.nth(1).get_attribute("aria-selected") == "true"
    assert len(shown()) == 4 and all("test data" in text for text in shown())
    assert group.locator("figure.map:visible text", has_text="on test").count() == 4
    group.locator("figure.map:visible .cell[tabindex='0']").last.focus()
    assert "chosen on validation" in page.locator("#tip").inner_text()
    assert "median test accuracy" in page.locator("#tip").inner_text()
    tabs.nth(2).click()
    assert all("train data" in text for text in shown())
    other = page.locator(".tabs[data-name='Data shown in the heat maps: wine'] figure.map:visible svg").first
    assert "validation data" in str(other.get_attribute("aria-label")), "each problem has its own switch"


def test_many_targets_switch_between_budgets(opened: Open) -> None:
    page = opened().page
    page.locator("summary", has_text="Further numbers").click()
    tabs = page.get_by_role("tablist", name="Budget: all problems together").get_by_role("tab")
    group = page.locator(".tabs[data-name='Budget: all problems together']")
    assert group.locator("svg:visible").count() == 2
    tabs.nth(2).click()
    labels = [str(svg.get_attribute("aria-label")) for svg in group.locator("svg:visible").all()]
    assert len(labels) == 2 and all("floating-point operations" in label for label in labels)
    assert group.locator("table:visible").count() == 1


def test_cells_tell_their_story_to_the_pointer_and_to_the_keyboard(opened: Open) -> None:
    page = opened().page
    tip = page.locator("#tip")
    assert tip.is_hidden()
    figure = page.locator("figure.map:visible").last
    lost = figure.locator(".cell[aria-label*='diverged in epoch']").first
    lost.hover()
    assert tip.is_visible()
    text = tip.inner_text()
    assert re.search(r"adam: lr \S+, L2 \S+", text)
    assert "range" in text
    assert re.search(r"3 replicates, [1-3] diverged", text)
    assert "replicate 0: diverged in epoch" in text
    page.mouse.move(1, 1)
    assert tip.is_hidden()
    start = figure.locator(".cell[tabindex='0']")
    start.focus()
    assert "chosen" in tip.inner_text()
    at = str(start.get_attribute("data-at"))
    page.keyboard.press("ArrowLeft")
    row, place = map(int, at.split(","))
    assert figure.locator(".cell[tabindex='0']").get_attribute("data-at") == f"{row},{place - 1}"
    assert "chosen" not in tip.inner_text()
    page.keyboard.press("Escape")
    assert tip.is_hidden()


@pytest.mark.parametrize("system", ["light", "dark"])
def test_light_and_dark_follow_the_system_until_the_button_says_otherwise(opened: Open, system: Any) -> None:
    page = opened(color_scheme=system).page

    def brightness() -> float:
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(map(int, re.findall(r"\d+", colour)[:3])) / 765

    assert (brightness() > 0.5) == (system == "light")
    button = page.get_by_role("button", name="Switch between light and dark")
    button.click()
    assert (brightness() > 0.5) == (system == "dark")
    page.reload()
    assert (brightness() > 0.5) == (system == "dark"), "the choice is kept"
    button.click()
    assert (brightness() > 0.5) == (system == "light")


def test_the_methods_paragraph_is_copied(opened: Open) -> None:
    page = opened(permissions=["clipboard-read", "clipboard-write"]).page
    page.get_by_role("button", name="Copy the methods paragraph").click()
    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator(".protocol .text").inner_text()
