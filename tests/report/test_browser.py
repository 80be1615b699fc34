"""The page in Chromium: pictures drawn, no errors, nothing asked of a network, legible, by keyboard."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import snnc
from snnc.report.make import BundleReport

from .conftest import MODEL

api = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: pip install playwright"
)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"),
]

PATIENCE = 180_000
"""Milliseconds: a busy machine draws slowly."""

VIEWS = {"wide": (1280, "light"), "narrow": (400, "light"), "dark": (1280, "dark")}

CONTRAST = """() => {
  const luminance = ([r, g, b]) => [r, g, b].map((c) => {
    c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }).reduce((sum, c, k) => sum + c * [0.2126, 0.7152, 0.0722][k], 0);
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const found = numbers(getComputedStyle(node).backgroundColor);
      if (found.length < 4 || found[3] > 0.5) return found.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const node of document.querySelectorAll("body *:not(script):not(noscript)")) {
    const says = [...node.childNodes].some((c) => c.nodeType === 3 && c.textContent.trim());
    const shown = node.getClientRects().length;
    if (!says || !shown || node.closest(".chart")) continue;
    const style = getComputedStyle(node);
    const front = numbers(node instanceof SVGElement ? style.fill : style.color).slice(0, 3);
    const [a, b] = [luminance(front), luminance(behind(node))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) low.push([node.tagName, node.textContent.slice(0, 30), ratio]);
  }
  return low;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


class Opened:
    """A page that was opened and has drawn itself, and all that it complained of or asked for."""

    def __init__(self, browser: Any, file: Path, width: int = 1280, scheme: str = "light") -> None:
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme
        )
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda problem: self.said.append(str(problem)))
        self.page.on("dialog", self._interrupted)
        self.page.on("request", self._asked)
        self.page.goto(file.as_uri())
        self.page.wait_for_function("document.documentElement.dataset.drawn", timeout=PATIENCE)

    def _interrupted(self, dialog: Any) -> None:
        self.said.append(dialog.message)
        dialog.dismiss()

    def _asked(self, request: Any) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.said.append(request.url)

    def undrawn(self) -> list[str]:
        """Charts that are shown and have no picture."""
        found: list[str] = self.page.evaluate(
            """() => [...document.querySelectorAll("figure.chart:not([hidden])")].filter((place) => {
                 const svg = place.querySelector("svg.main-svg");
                 const marks = place.querySelectorAll("path, image, rect.bg").length;
                 return !svg || svg.getBoundingClientRect().width < 100 || marks < 2;
               }).map((place) => place.id)"""
        )
        return found


@pytest.fixture(scope="module")
def file(report: BundleReport, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("page") / "report.html"
    place.write_bytes(report.html)
    return place


@pytest.mark.parametrize("view", VIEWS)
def test_every_picture_is_drawn_without_complaint(view: str, browser: Any, file: Path) -> None:
    width, scheme = VIEWS[view]
    opened = Opened(browser, file, width, scheme)
    page = opened.page
    assert page.evaluate("document.documentElement.dataset.drawn") == "yes", opened.said
    assert opened.said == [] and opened.undrawn() == []
    assert page.locator("figure.chart").count() >= 6 and page.locator("svg.network .box").count() == 4
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    assert page.evaluate(CONTRAST) == []
    nameless = "[...document.querySelectorAll('figure.chart')].filter((f) => !f.ariaLabel).length"
    assert page.evaluate(nameless) == 0
    opened.context.close()


def test_shown_numbers_are_those_of_the_json(browser: Any, file: Path, report: BundleReport) -> None:
    opened = Opened(browser, file)
    shown = opened.page.evaluate(
        "[...document.querySelectorAll('data')].map((d) => [d.dataset.path, d.value, d.textContent])"
    )
    facts: Any = report.as_json()
    assert len(shown) > 250
    for path, value, said in shown:
        meant = facts
        for key in path.split("/"):
            meant = meant[int(key)] if isinstance(meant, list) else meant[key]
        assert float(value) == meant
        assert any(character.isdigit() for character in said)
    accuracy = opened.page.evaluate(
        "[...document.getElementById('a-accuracy').data.at(-1).y].map((v) => v / 100)"
    )
    assert accuracy == pytest.approx(facts[0]["run"]["accuracy"])
    opened.page.click("#show-facts")
    in_text = json.loads(opened.page.locator("#facts-text pre").text_content())
    assert in_text == facts
    opened.context.close()


def test_by_keyboard(browser: Any, file: Path) -> None:
    """A sample, a projection and the theme are chosen without a mouse."""
    opened = Opened(browser, file)
    page = opened.page
    before = page.evaluate("document.getElementById('a-raster').data[0].z.flat().join('')")
    page.focus("#a-sample")
    page.keyboard.press("ArrowDown")
    page.wait_for_function(
        "(b) => document.getElementById('a-raster').data[0].z.flat().join('') !== b", arg=before
    )
    page.focus("#a-weights-choice")
    page.keyboard.press("ArrowDown")
    page.wait_for_function("!document.getElementById('a-weights-1').hidden")
    page.wait_for_function("document.querySelector('#a-weights-1 svg.main-svg')")
    assert page.evaluate("document.getElementById('a-weights-0').hidden")
    page.focus("#theme")
    page.keyboard.press("Enter")
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    assert page.evaluate(CONTRAST) == [] and opened.undrawn() == [] and opened.said == []
    opened.context.close()


def test_zoom_and_hover(browser: Any, file: Path) -> None:
    opened = Opened(browser, file)
    page = opened.page
    chart = page.locator("#a-raster .nsewdrag").first
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.5, y)
    page.wait_for_selector("#a-raster .hoverlayer .hovertext", timeout=PATIENCE)
    before = page.evaluate("document.getElementById('a-raster').layout.xaxis.range.slice()")
    page.mouse.move(box["x"] + box["width"] * 0.3, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, y, steps=5)
    page.mouse.up()
    page.wait_for_function(
        "(b) => document.getElementById('a-raster').layout.xaxis.range[0] > b[0]", arg=before
    )
    assert opened.said == []
    opened.context.close()


def test_names_that_are_code_do_not_run(browser: Any, hostile: BundleReport, tmp_path: Path) -> None:
    file = tmp_path / "hostile.html"
    file.write_bytes(hostile.html)
    opened = Opened(browser, file)
    assert opened.said == [] and opened.undrawn() == []
    assert opened.page.evaluate("window.hacked") is None
    assert opened.page.locator("img").count() == 0
    assert "<b>h</b>" in opened.page.locator("svg.network .box title").nth(1).text_content()
    opened.context.close()


def test_a_planted_difference_and_two_bundles(
    browser: Any,
    planted: BundleReport,
    bundle: snnc.Bundle,
    other: snnc.Bundle,
    data: Path,
    tmp_path: Path,
) -> None:
    pair = bundle.report(data, other=other, samples=2)
    for name, made in (("planted", planted), ("pair", pair), ("bare", bundle.report())):
        file = tmp_path / f"{name}.html"
        file.write_bytes(made.html)
        for width, scheme in VIEWS.values():
            opened = Opened(browser, file, width, scheme)
            assert opened.said == [] and opened.undrawn() == [], name
            assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
            assert opened.page.evaluate(CONTRAST) == []
            opened.context.close()


@pytest.fixture(scope="module")
def cores_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a bundle with cores, without data."""
    folder = tmp_path_factory.mktemp("cores")
    made = snnc.compile(MODEL, "sanafe", folder / "digits.sanafe").report()
    (folder / "cores.html").write_bytes(made.html)
    return folder / "cores.html"


@pytest.mark.parametrize("view", VIEWS)
def test_cores_are_drawn_on_their_mesh(view: str, browser: Any, cores_file: Path) -> None:
    width, scheme = VIEWS[view]
    opened = Opened(browser, cores_file, width, scheme)
    page = opened.page
    assert opened.said == [] and opened.undrawn() == []
    drawn = page.evaluate("[...document.querySelectorAll('figure.chart')].map((f) => f.id)")
    assert {"a-mesh", "a-matrix", "a-fullness"} <= set(drawn)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CONTRAST) == []
    opened.context.close()


CORE_VALUES = "document.getElementById('a-mesh').data[1].z.flat().filter((v) => v !== null)"
CORE_LINES = (
    "document.getElementById('a-mesh').data.filter((t) => t.mode === 'lines')"
    ".map((t) => t.x.filter((v) => v === null).length).reduce((a, b) => a + b)"
)


def test_a_core_is_pointed_at_clicked_and_chosen_by_keyboard(browser: Any, cores_file: Path) -> None:
    opened = Opened(browser, cores_file)
    page = opened.page
    told = page.evaluate("JSON.parse(document.getElementById('facts').textContent)[0]")
    matrix = told["placement"]["traffic"]["matrix"]
    pairs = {(min(a, b), max(a, b)) for a, b, _ in matrix if a != b}
    assert page.evaluate(CORE_LINES) == len(pairs) > 1
    chart = page.locator("#a-mesh .nsewdrag").first
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    column, row = page.evaluate("document.getElementById('a-mesh').layout.meta.cores[0]")
    columns, rows = page.evaluate("document.getElementById('a-mesh').layout.meta.grid")
    x = box["x"] + box["width"] * (column + 0.25) / columns
    y = box["y"] + box["height"] * (1 - (row + 0.25) / rows)
    page.mouse.move(x, y)
    page.wait_for_selector("#a-mesh .hoverlayer .hovertext", timeout=PATIENCE)
    said = page.locator("#a-mesh .hoverlayer .hovertext").text_content()
    core = told["placement"]["cores"][0]
    assert "core 0" in said and f"neurons {core['uses']['neurons']:,} of 1,024" in said
    assert f"sends {told['core_load']['cores'][0]['sends']:,} messages" in said
    page.mouse.click(x, y)
    page.wait_for_function("document.getElementById('a-traffic').value === '0'")
    page.wait_for_function(f"({CORE_LINES}) === {sum(0 in pair for pair in pairs)}")
    assert "core 0" in page.locator("#a-core").text_content()
    page.focus("#a-traffic")
    page.keyboard.press("Home")
    page.wait_for_function(f"({CORE_LINES}) === {len(pairs)}")
    page.focus("#a-shade")
    page.keyboard.press("ArrowDown")
    operations = sorted(told["placement"]["traffic"]["operations"])
    ordered = f"JSON.stringify({CORE_VALUES}.sort((a, b) => a - b))"
    page.wait_for_function(f"{ordered} === JSON.stringify({operations})")
    assert opened.said == [] and opened.undrawn() == []
    opened.context.close()


def test_printed(browser: Any, file: Path) -> None:
    """On paper charts are as wide as the paper, in dark ink, whatever the screen was."""
    opened = Opened(browser, file, 400, "dark")
    printed = opened.page.pdf(format="A4", print_background=True)
    assert printed.startswith(b"%PDF") and printed.count(b"/Type /Page\n") >= 4
    assert opened.said == []
    opened.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert opened.page.evaluate("document.documentElement.dataset.theme") == "light"
    opened.page.wait_for_function(
        "document.querySelector('#a-errors svg.main-svg').getBoundingClientRect().width > 600"
    )
    opened.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    opened.page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    opened.context.close()


def test_these_checks_find_what_they_look_for(browser: Any, file: Path) -> None:
    """Grey letters, a chart that is gone, and a picture from elsewhere."""
    opened = Opened(browser, file)
    opened.page.add_style_tag(content="p { color: #bbbbbb !important; }")
    assert {tag for tag, _, _ in opened.page.evaluate(CONTRAST)} >= {"P"}
    opened.page.evaluate("Plotly.purge('a-errors')")
    assert opened.undrawn() == ["a-errors"]
    opened.page.evaluate(
        "document.body.append(Object.assign(new Image(), {src: 'http://a.test/b.png'}))"
    )
    opened.page.wait_for_timeout(200)
    assert opened.said != []
    opened.context.close()
