"""The site's pages from the files of the repository: their names, their order, and their links among each other."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PICTURES = ("figures/*", "results/*/*.png")  # below it
ELSEWHERE = {"README": "index", "CONTRIBUTING": "contributing", "SECURITY": "security", "CHANGELOG": "changelog"}

# The table of contents: below each page those that belong to it. A page that is in none of these lists is an error.
CONTENTS = {
    "index": ["tutorial", "howto", "concepts", "reference", "results", "contributing"],
    "howto": [
        "howto-data",
        "howto-model",
        "howto-metric",
        "howto-loss",
        "howto-offline",
        "studies",
        "figures-of-the-paper",
        "export",
        "clusters",
        "stores",
    ],
    "concepts": ["claims", "sure", "intervals", "curves", "rates", "theory", "certificates"],
    "reference": ["commands", "data", "models", "losses", "metrics", "api/index"],
    "results": ["how-wide", "verdicts", "paper"],
    "contributing": ["security", "changelog"],
}


def sources() -> dict[Path, str]:
    """Every file that becomes a page, and the page's name."""
    return {
        **{ROOT / f"{name}.md": page for name, page in ELSEWHERE.items()},
        **{path: path.stem for path in sorted(DOCS.glob("*.md"))},
    }


def pictures() -> list[Path]:
    """Every picture of the pages."""
    return [path for pattern in PICTURES for path in sorted(DOCS.glob(pattern))]


def stage(folder: Path, generated: dict[str, str]) -> None:
    """Write the pages and pictures into a folder, of which the site is built; what is the same there stays."""
    pages = {f"{page}.md": staged(path) for path, page in sources().items()}
    pages |= {f"{page}.md": text for page, text in generated.items()}
    files = {name: text.encode() for name, text in pages.items()}
    files |= {path.relative_to(DOCS).as_posix(): path.read_bytes() for path in pictures()}
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        if path.relative_to(folder).as_posix() not in files:
            path.unlink()
    for name, content in files.items():
        path = folder / name
        if not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def staged(path: Path) -> str:
    """A file's text, its links those of the site, with the pages below it in the table of contents."""
    names, found = sources(), {*pictures()}

    def moved(match: re.Match[str]) -> str:
        place, hash_, anchor = match[1].partition("#")
        target = (path.parent / place).resolve()
        if place and target in names:
            return f"]({names[target]}.md{hash_}{anchor})"
        return f"]({target.relative_to(DOCS)})" if target in found else match[0]

    text = re.sub(r"\]\(([^)\s]+)\)", moved, path.read_text(encoding="utf-8"))
    return text + contents(names[path])


def contents(page: str) -> str:
    """The list of the pages below one, which the site's navigation shows."""
    below = CONTENTS.get(page, [])
    return "\n".join(["", "```{toctree}", ":hidden:", "", *below, "```", ""]) if below else ""
