"""What is written: files that others' readers open, with text that is text, the same bytes every time."""

import io
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

from overgan import figures
from overgan.errors import OverganError

SVG = "{http://www.w3.org/2000/svg}"


def test_a_pdf_has_its_fonts_and_its_text(make_gan):
    (content,) = figures.fig4(make_gan()).images(["pdf"]).values()
    (page,) = PdfReader(io.BytesIO(content)).pages
    text = page.extract_text()
    for words in ("training images", "held-out images", "width k", "k = 128", "mlp on digits"):
        assert words in text
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
    assert fonts
    for font in fonts:
        (of,) = font.get("/DescendantFonts", [font])
        assert "/FontFile2" in of.get_object()["/FontDescriptor"]
    assert page.mediabox.width == pytest.approx(6.8 * 72)


def test_an_svg_has_its_text_as_text(make_gan):
    study = make_gan(data={"name": "folder", "root": "shots $_$"})  # to matplotlib a formula, and a wrong one
    (content,) = figures.fig4(study).images(["svg"]).values()
    texts = {"".join(of.itertext()) for of in ElementTree.fromstring(content).iter(f"{SVG}text")}  # noqa: S314 - ours
    assert {"training images", "held-out images", "width k", "k = 8", "mlp on shots $_$"} <= texts


def test_a_png_has_300_dots_an_inch(make_gan):
    drawn = figures.fig4(make_gan())
    image = Image.open(io.BytesIO(drawn.images(["png"])["png"]))
    assert image.size == tuple(np.round(300 * drawn.figure.get_size_inches()).astype(int))
    assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_samples_are_in_the_files_pixel_by_pixel(make_gan):
    drawn = figures.fig4(make_gan())
    (page,) = PdfReader(io.BytesIO(drawn.images(["pdf"])["pdf"])).pages
    embedded = [np.asarray(image.image.convert("RGB")) for image in page.images]
    shown = [np.asarray(axes.images[0].get_array()) for axes in drawn.figure.axes if axes.images]
    assert len(embedded) == len(shown) == 2
    for one in shown:
        assert any(np.array_equal(one, of) or np.array_equal(one, of[::-1]) for of in embedded)


def test_files_have_the_same_bytes_every_time_in_any_order(make_gan):
    study = make_gan()
    once = figures.fig1(study).images()
    assert figures.fig1(study).images(reversed(figures.FORMATS)) == once
    assert set(once) == set(figures.FORMATS)


def test_a_figure_is_written_with_its_caption(make_gan, tmp_path):
    drawn = figures.fig4(make_gan())
    paths = drawn.write(tmp_path / "out", ["png"])
    assert [path.name for path in paths] == ["fig4.png", "fig4.txt"]
    assert paths[1].read_text() == drawn.caption + "\n"
    assert paths[0].read_bytes() == drawn.images(["png"])["png"]
    assert repr(drawn) == "PaperFigure('fig4', 3 axes, …)"


@pytest.mark.parametrize(
    ("formats", "message"), [(["pnf"], "no format pnf; did you mean png"), ([], "formats is empty")]
)
def test_unknown_formats_are_refused(make_gan, formats, message):
    drawn = figures.fig3(make_gan(samples=False))
    with pytest.raises(OverganError, match=message):
        drawn.images(formats)


def test_the_settings_of_other_figures_stay_as_they_are(make_gan):
    import matplotlib

    before = dict(matplotlib.rcParams)
    figures.fig3(make_gan()).images(["svg"])
    assert dict(matplotlib.rcParams) == before
