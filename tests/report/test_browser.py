"""The page as a reader has it, in a headless Chromium that may ask nothing of the network."""

import io
import shutil
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

import overgan
from overgan.pictures import data_url
from overgan.report import Panel, Plot, Series, report_content
from overgan.report._map import Cells, Map
from overgan.study import Claim, Estimate
from tests.racing import begun, write_study

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium; apt-get install chromium has one")

VALUES = {4: [9.0, 9.2, 8.9], 8: [5.0, 5.1, 5.3], 16: [4.9, float("inf"), 5.2]}
ITERATIONS = [200, 400, 600, 800, 1000]
ODD = "<b>odd</b> & a name that is so long that no line of a phone has room for all of it"
LONG = (1, 12_345, 1_234_567)
SMALL, WIDE = {"width": 390, "height": 844}, {"width": 1200, "height": 900}


def curve(name, color, x=(1, 10, 100), *, dashed=False, high=(9.0, 5.0, 3.0)):
    return Series(name, list(x), [8.0, 4.0, 2.0], [7.0, 3.0, 1.0], list(high), color, dashed)


PLOTS = [
    Plot(
        "several", "Three panels", "width k", "residual", [Panel([curve("a", "#440154")], t) for t in "uvw"], "widths"
    ),
    Plot(
        "odd",
        ODD,
        "iteration",
        ODD,
        [Panel([curve(ODD, "#bddf26", LONG), curve(ODD, "#bddf26", LONG, dashed=True)])],
        "log",
    ),
    Plot("gaps", "Gaps", "x", "y", [Panel([curve("holes", "#1f5fbf", high=(9.0, float("nan"), float("inf")))])]),
    Plot("alone", "One point", "cost", "y", [Panel([Series("one", [5], [2.0], [1.0], [3.0], "#1f5fbf")])], "log"),
    Map("map", "A map", "k", "rate", ["2", "4"], ["0.1"], [Cells("one", [[1.0, 20.0]], [[False, True]], [(0, 0)])]),
]
NONE = float("nan")
CLAIMS = [
    Claim(
        "quality",
        "Wider networks train to a lower FID.",
        "supports",
        "The distance falls from 9 to 5.",
        (Estimate("change, in percent", -44, -50, -38), Estimate("another", 1.0, NONE, NONE)),
        "9 runs",
        figures=("frechet-pixels", "frechet-pixels-over-iterations"),
        p_value=0.01,
    ),
    Claim("stability", "Wider networks are more stable.", "contradicts", "One of 3 runs diverged.", figures=("gaps",)),
    Claim("memory", "They do not memorize.", "cannot tell", "Not measured.", needed="A metric.", figures=("nothing",)),
    Claim("again", "The same.", "cannot tell", "Too few.", figures=("frechet-pixels", "odd", "map")),
]


def grid(width, iteration):
    """A picture that no other width or iteration has."""
    buffer = io.BytesIO()
    Image.fromarray(np.full((10, 20), (width * iteration) % 251, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def write_page(folder, monkeypatch, **settings):
    """The page of a study of three widths, with all that a page can have."""
    rounds = [begun({4: 2, 8: 2, 16: 2}), begun({4: 3, 8: 3, 16: 3}, "Not sure yet.", "seeds")]
    study = write_study(folder, VALUES, rounds, unfinished=[16])
    for width in VALUES:
        (folder / f"k{width:04d}" / "samples").mkdir()
        for iteration in ITERATIONS:
            if width < 16 or 200 < iteration < 1000:
                (folder / f"k{width:04d}" / "samples" / f"{iteration:08d}.png").write_bytes(grid(width, iteration))
    real = report_content(study)
    shown = [("k = 4, seed 0", data_url(grid(4, 1000)))]
    whole = replace(
        real, claims=CLAIMS, plots=[*real.plots, *PLOTS], neighbours=shown, more_neighbours=shown, method=["So."]
    )
    with monkeypatch.context() as patch:
        patch.setattr("overgan.report._write.report_content", lambda _: whole)
        return overgan.write_report(folder, figures=False, **settings), whole


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:  # /dev/shm is small in containers, where tests may be root, too
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        return write_page(tmp_path_factory.mktemp("page"), patch)


@pytest.fixture
def opened(browser):
    """opened(path): the page, drawn; in the end nothing was complained of, and nothing asked for but its file."""
    contexts, complaints, asked = [], [], []

    def open_page(path, viewport=WIDE, clock=False, **settings):
        context = browser.new_context(viewport=viewport, **settings)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        if clock:
            page.clock.install()
        page.goto(path.as_uri())
        if settings.get("java_script_enabled", True):
            if clock:
                page.clock.run_for(100)
            if page.locator(".chart").count():
                page.wait_for_selector("html[data-drawn]", state="attached")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
    assert {url.partition(":")[0] for url in asked} <= {"file", "data"}
    assert all(url.endswith(".html") for url in asked if url.startswith("file:"))


def test_every_plot_is_drawn_once(opened, written):
    path, content = written
    page = opened(path)
    curves = {
        plot.name: sum(len(series.x) > 1 for panel in plot.panels for series in panel.series)
        for plot in content.all_plots
        if isinstance(plot, Plot)
    }
    drawn = page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('.chart')].map(chart => [chart.id, "
        "[...chart.querySelectorAll('.scatterlayer .js-line')].filter(line => line.getTotalLength() > 40 && "
        "parseFloat(getComputedStyle(line).strokeWidth) > 0).length]))"
    )
    assert drawn.keys() == curves.keys()
    assert drawn["several"] == 3
    assert {name for name in curves if drawn[name] < curves[name]} == set()
    assert page.locator("#alone .scatterlayer .point").count() == 1
    assert page.locator(".map td").all_text_contents() == ["1 best", "20 ×"]
    cards = {
        card.get_attribute("id"): [chart.get_attribute("id") for chart in card.locator(".chart, .plot .table").all()]
        for card in page.locator(".claim").all()
    }
    assert cards == {
        "claim-quality": ["frechet-pixels", "frechet-pixels-over-iterations"],
        "claim-stability": ["gaps"],
        "claim-memory": [],
        "claim-again": ["odd", "map"],
    }
    assert page.locator("#claim-again .rests a").get_attribute("href") == "#frechet-pixels"


def test_a_claim_has_its_verdict_in_words_its_number_and_its_interval(opened, written):
    page = opened(written[0])
    card = page.locator("#claim-quality")
    assert card.locator(".verdict").inner_text().split("\n")[-1].endswith("This study supports it")
    assert card.locator(".big").inner_text() == "-44"
    assert "95% interval: -50 to -38" in card.inner_text()
    assert "another: 1\n" in card.inner_text()  # no interval
    assert "p = 0.01" in card.inner_text()
    assert page.locator("#claim-memory").inner_text().count("What would tell: A metric.") == 1
    assert page.locator(".glance li").all_inner_texts()[1].endswith("stability: contradicts")


def test_names_are_text_wherever_they_stand(opened, written):
    page = opened(written[0])
    assert page.locator("b", has_text="odd").count() == 0
    assert page.locator("#odd ~ .key button").inner_text() == ODD
    plot = page.locator(".plot", has=page.locator("#odd"))
    plot.locator("summary").click()
    assert plot.locator("th").all_inner_texts() == ["iteration", ODD, f"{ODD} (dashed)"]
    assert plot.locator("td").all_inner_texts()[:2] == ["1", "8 (7 … 9)"]
    assert plot.locator("td:first-child").all_inner_texts() == ["1", "12,345", "1,234,567"]


def test_a_curve_is_hidden_and_shown_by_the_keyboard(opened, written):
    page = opened(written[0])
    button = page.locator("#frechet-pixels ~ .key button").first
    lines = page.locator("#frechet-pixels .js-line")
    before = lines.count()
    button.focus()
    page.keyboard.press("Enter")
    assert (lines.count(), button.get_attribute("aria-pressed")) == (before - 2, "false")  # with its range
    page.keyboard.press("Space")
    assert (lines.count(), button.get_attribute("aria-pressed")) == (before, "true")


def shown(page):
    return [image.get_attribute("src") for image in page.locator(".grids img").all()]


def test_the_slider_moves_all_widths_by_mouse_and_keyboard(opened, written):
    page = opened(written[0])
    slider, output = page.locator("input[type=range]"), page.locator("output")
    newest = [data_url(grid(4, 1000)), data_url(grid(8, 1000)), data_url(grid(16, 800))]
    assert (shown(page), output.inner_text()) == (newest, "iteration 1,000")
    assert page.locator(".grids figcaption").all_inner_texts() == ["k = 4", "k = 8", "k = 16\niteration 800"]
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert shown(page) == [data_url(grid(width, 600)) for width in VALUES]
    assert slider.get_attribute("aria-valuetext") == output.inner_text() == "iteration 600"
    page.keyboard.press("ArrowLeft")
    assert shown(page) == [data_url(grid(width, 400)) for width in VALUES]
    page.keyboard.press("Home")
    assert shown(page)[:2] == [data_url(grid(width, 200)) for width in (4, 8)]
    assert page.locator(".grids img").last.is_hidden()  # k = 16 has none yet
    page.keyboard.press("End")
    assert shown(page) == newest


def test_the_samples_play_and_grow(opened, written):
    page = opened(written[0], clock=True)
    play, output, figure = page.locator(".play"), page.locator("output"), page.locator(".grids figure").first
    play.click()
    assert (play.inner_text(), output.inner_text()) == ("Pause", "iteration 200")
    page.clock.run_for(1000)
    assert output.inner_text() == "iteration 600"
    play.click()
    page.clock.run_for(1000)
    assert (play.inner_text(), output.inner_text()) == ("Play", "iteration 600")
    small = figure.bounding_box()["width"]
    figure.locator(".enlarge").click()
    assert figure.bounding_box()["width"] > 2 * small


def settled(page, found, expected):
    """Assert that found() is what is expected, once the plots are drawn anew, for which there are ten seconds."""
    for _ in range(100):
        if found() == expected:
            return
        page.wait_for_timeout(100)
    assert found() == expected


OVERFLOWING = """() => [...document.querySelectorAll('body *')].filter(element => {
    if (element.closest('.table > *, pre > *, .skip, svg, details:not([open]) > :not(summary)')) return false;
    const {left, right, width} = element.getBoundingClientRect();
    return width > 0 && (left < 0 || right > innerWidth + 0.5);
}).map(element => element.outerHTML.slice(0, 80))"""


@pytest.mark.parametrize("viewport", [SMALL, WIDE], ids=["phone", "desktop"])
def test_nothing_is_wider_than_the_screen(viewport, opened, written):
    page = opened(written[0], viewport)
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate("document.scrollingElement.scrollWidth") == viewport["width"]
    assert page.evaluate(OVERFLOWING) == []
    assert page.evaluate(
        "[...document.querySelectorAll('.table')].every(table => getComputedStyle(table).overflowX === 'auto')"
    )
    tops = {
        round(title.bounding_box()["y"]) for title in page.locator("#several .infolayer [class^=x][class$=title]").all()
    }
    assert (len(tops) > 1) == (viewport["width"] < 900)  # panels one below another where they have no room beside
    page.set_viewport_size({"width": 320, "height": 600})
    settled(page, lambda: page.evaluate("document.scrollingElement.scrollWidth"), 320)
    settled(page, lambda: page.evaluate(OVERFLOWING), [])


# the contrast of each piece of text with the colour behind it, by WCAG 2
CONTRASTS = """() => {
    const parse = color => { const [r, g, b, a = 1] = color.match(/[\\d.]+/g).map(Number); return [r, g, b, a]; };
    const over = (top, below) => [0, 1, 2].map(i => top[3] * top[i] + (1 - top[3]) * below[i]).concat(1);
    const light = color => {
        const [r, g, b] = color.map(c => c / 255).map(c => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = element => {
        const layers = [];
        for (let at = element; at; at = at.parentElement) layers.unshift(parse(getComputedStyle(at).backgroundColor));
        return layers.reduce((below, top) => over(top, below), [255, 255, 255, 1]);
    };
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || element.closest('script, noscript, .skip')) continue;
        if (!element.checkVisibility({visibilityProperty: true}) || element.closest('output:empty')) continue;
        const style = getComputedStyle(element), below = behind(element);
        const own = over(parse(element.closest('svg') ? style.fill : style.color), below);
        const [low, high] = [light(own), light(below)].sort((a, b) => a - b);
        found.push([(high + 0.05) / (low + 0.05), walker.currentNode.data.trim().slice(0, 40), style.color]);
    }
    return found;
}"""


def test_text_has_contrast_and_plots_follow_the_scheme(opened, written):
    page = opened(written[0], color_scheme="dark")
    for summary in page.locator("summary").all():
        summary.click()
    found = page.evaluate(CONTRASTS)
    assert len(found) > 200
    assert [text for contrast, *text in found if contrast < 4.5] == []
    for scheme, ground in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(19, 21, 24)")):
        page.emulate_media(color_scheme=scheme)
        settled(page, lambda: [text for contrast, *text in page.evaluate(CONTRASTS) if contrast < 4.5], [])
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == ground


def test_it_prints_light_on_paper_and_is_as_it_was_after(opened, written):
    page = opened(written[0], color_scheme="dark")
    page.evaluate("addEventListener('beforeprint', () => { window.fills = "
        "[...document.querySelectorAll('.xtick text')].map(text => getComputedStyle(text).fill); window.widths = "
        "[...document.querySelectorAll('.main-svg')].map(svg => svg.clientWidth); })")  # fmt: skip
    before = page.locator("#several .main-svg").first.bounding_box()["width"]
    assert page.pdf(format="A4").startswith(b"%PDF")
    assert set(page.evaluate("fills")) == {"rgb(92, 99, 112)"}
    assert max(page.evaluate("widths")) <= 680  # A4 less its margins has 690
    assert page.locator("#several .main-svg").first.bounding_box()["width"] == before


def test_there_are_landmarks_headings_and_a_way_past_them(opened, written):
    page = opened(written[0])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.wait_for_url("**#main")  # the key is pressed before the page has gone there
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3')].map(heading => Number(heading.tagName[1]))")
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert page.locator("main, header, nav[aria-label]").count() == 3
    assert page.evaluate("[...document.images].every(image => image.alt)")
    assert page.evaluate("[...document.querySelectorAll('button')].every(button => button.textContent.trim() || "
        "button.ariaLabel)")  # fmt: skip
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(element => element.id)")
    links = page.evaluate("[...document.querySelectorAll('main a')].map(link => link.hash.slice(1))")
    assert set(links) <= set(ids)
    assert len(set(ids)) == len(ids)
    assert page.evaluate("(() => { const slider = document.querySelector('input'); slider.focus(); "
        "return getComputedStyle(slider).outlineStyle; })()") != "none"  # fmt: skip


def test_a_page_that_loads_itself_anew_keeps_the_readers_place(opened, tmp_path, monkeypatch):
    path, _ = write_page(tmp_path, monkeypatch, refresh=60)
    page = opened(path, clock=True, reduced_motion="reduce")  # else the focus goes on scrolling
    page.locator("input[type=range]").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.evaluate("scrollTo({top: 700, behavior: 'instant'}); window.old = true")
    page.clock.run_for(40_000)  # beside which the real time goes on
    assert page.evaluate("window.old")
    with page.expect_navigation():
        page.clock.run_for(30_000)
    assert page.evaluate("window.old") is None
    page.clock.run_for(1_000)
    assert page.locator("output").inner_text() == "iteration 400"
    assert page.evaluate("scrollY") == pytest.approx(700, abs=5)  # the browser holds what is seen, not the number


def test_without_a_script_the_newest_samples_are_there(opened, written):
    page = opened(written[0], java_script_enabled=False)
    assert shown(page)[0] == data_url(grid(4, 1000))
    assert page.locator("noscript").inner_text().startswith("The plots are drawn by a script")
    assert page.locator("input[type=range], .copy").first.is_hidden()
    assert page.get_by_text("Without a script these are the newest.").is_visible()


def test_the_command_is_copied(opened, written):
    page = opened(written[0], permissions=["clipboard-read", "clipboard-write"])
    page.locator(".copy").first.click()
    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "overgan run by-hand.yaml"
