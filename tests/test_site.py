"""The site of the docs: every page is in its contents, and a link or anchor that leads nowhere is found."""

import importlib
import inspect
import sys
from pathlib import Path

import pytest

from overgan.theory import ShallowGAN

SITE = Path(__file__).parents[1] / "docs" / "site"


@pytest.fixture(scope="module")
def site():
    """The site's modules, which lie beside each other in a folder and not in a package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(SITE))
        yield {name: importlib.import_module(name) for name in ("api", "links", "pages")}
        for name in ("api", "links", "pages"):
            sys.modules.pop(name)


def test_every_link_of_the_pages_leads_somewhere_on_github_too(site):
    assert site["links"].broken_in_markdown(list(site["pages"].sources())) == []


def test_every_page_is_in_the_contents_once(site):
    listed = [page for below in site["pages"].CONTENTS.values() for page in below]
    staged = {*site["pages"].sources().values(), "api/index"} - {"index"}
    assert sorted(listed) == sorted(staged)


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("[x](missing.md)", "no such file"),
        ("![x](missing.png)", "no such file"),
        ("[x][1]\n\n[1]: missing.md", "no such file"),
        ("[x](b.md#nowhere)", "no such heading"),
        ("[x](#nowhere)", "no such heading"),
        ("[x](b.md#Kept-names)", "no such heading"),
        ("[x](b.md#kept-names-2)", "no such heading"),
    ],
)
def test_a_link_that_leads_nowhere_is_found(site, tmp_path, link, reason):
    (tmp_path / "a.md").write_text(f"# Here\n\n{link}\n")
    (tmp_path / "b.md").write_text("# Kept names\n\n## Kept names\n")
    (broken,) = site["links"].broken_in_markdown([tmp_path / "a.md", tmp_path / "b.md"])
    assert broken.startswith(f"{tmp_path / 'a.md'}: ")
    assert broken.endswith(f"({reason})")


@pytest.mark.parametrize(
    ("heading", "anchor"),  # as GitHub makes them
    [
        ("Is test above train? (`frechet_gap`)", "is-test-above-train-frechet_gap"),
        ("Width studies: Figs. 2 and 9", "width-studies-figs-2-and-9"),
        ("More widths, or longer runs", "more-widths-or-longer-runs"),
        ("Größe & *Maß*", "größe--maß"),
        ("A [link](a.md) in it", "a-link-in-it"),
    ],
)
def test_headings_have_github_s_anchors(site, tmp_path, heading, anchor):
    (tmp_path / "a.md").write_text(f"## {heading}\n\n[x](#{anchor}) [y](https://example.org/nowhere) `[z](no.md)`\n")
    assert site["links"].broken_in_markdown([tmp_path / "a.md"]) == []


def test_a_built_page_s_broken_links_and_what_it_would_fetch_are_found(site, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.html").write_text("<h2 id='there'></h2>")
    (tmp_path / "a.html").write_text(
        "<a href='sub/b.html#there'></a> <a href='#'></a> <a href='https://example.org/'></a> <a href='c.html'></a>"
        "<a href='sub/b.html#gone'></a> <script src='https://cdn.example.org/x.js'></script> <img src='gone.png'>"
    )
    assert site["links"].broken_in_site(tmp_path) == [
        "a.html: https://cdn.example.org/x.js (fetched from the network)",
        "a.html: c.html (no such file)",
        "a.html: sub/b.html#gone (no such anchor)",
        "a.html: gone.png (no such file)",
    ]


def test_links_among_pages_are_those_of_the_site_and_code_is_left_alone(site, tmp_path, monkeypatch):
    readme = site["pages"].staged(SITE.parents[1] / "README.md")
    assert "(concepts.md)" in readme
    assert "(contributing.md)" in readme
    assert "(docs/" not in readme
    assert "](security.md)" in site["pages"].staged(SITE.parent / "studies.md")


def test_what_is_no_longer_a_page_leaves_the_folder_and_what_is_the_same_is_not_written_again(site, tmp_path):
    (tmp_path / "gone.md").write_text("x")
    site["pages"].stage(tmp_path, {"api/index": "# Python\n"})
    assert not (tmp_path / "gone.md").exists()
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.md")}
    site["pages"].stage(tmp_path, {"api/index": "# Python, too\n"})
    changed = [path.name for path in before if path.stat().st_mtime_ns != before[path]]
    assert changed == ["index.md"]
    assert (tmp_path / "api" / "index.md").read_text() == "# Python, too\n"


def test_shapes_in_signatures_read_as_they_are_written(site):
    shown = site["api"].of_function("overgan.theory", "f", ShallowGAN.at)
    assert "weights: Float[np.ndarray, '*weights']" in shown
    assert "jaxtyping" not in shown


@pytest.mark.slow
def test_the_pages_of_the_interface_have_every_public_name(site):
    for package in site["api"].PACKAGES:
        page = site["api"].page(package)
        module = importlib.import_module(package)
        names = [name for name in module.__all__ if not inspect.ismodule(getattr(module, name)) and name[0] != "_"]
        assert names
        assert [name for name in names if f"\n## {name}\n" not in page] == []


def test_arguments_in_a_docstring_become_a_list_and_its_names_links(site):
    def described():
        """Do it, as `certify` does.

        gram, other: the matrix,
            as in docs/theory.md.
        mu: a number

        Raises ValueError: never.
        """

    assert site["api"].docstring("overgan.theory", described).splitlines() == [
        "Do it, as {py:obj}`~overgan.theory.certify` does.",
        "",
        "",
        "- `gram, other`: the matrix,",
        "  as in [theory](../theory.md).",
        "- `mu`: a number",
        "",
        "Raises ValueError: never.",
    ]
