"""Build the site into docs/_build/html: a broken link, a page that no contents list, or any warning is an error."""

import sys
from pathlib import Path

import api
from links import broken_in_markdown, broken_in_site
from pages import DOCS, ROOT, sources, stage
from sphinx.cmd.build import main as sphinx

BUILD = DOCS / "_build"


def build() -> int:
    """Check the pages' links, build, and check the site's; the number of what is wrong, or Sphinx's exit code."""
    broken = broken_in_markdown(list(sources()))
    if not broken:
        stage(BUILD / "source", api.pages())
        here = str(Path(__file__).parent)
        strict = ["-q", "-W", "--keep-going", "-j", "2", "-c", here, "-d", str(BUILD / "doctrees")]
        code = int(sphinx([*strict, str(BUILD / "source"), str(BUILD / "html")]))
        if code:
            return code
        broken = broken_in_site(BUILD / "html")
    for line in broken:
        print(line, file=sys.stderr)
    if not broken:
        print(f"docs: {(BUILD / 'html/index.html').relative_to(ROOT)}")
    return len(broken)


if __name__ == "__main__":
    sys.exit(min(build(), 1))
