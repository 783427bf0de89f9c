"""Whether every link of the pages, as GitHub and the site show them, leads to a file and an anchor that are there."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token


def broken_in_markdown(pages: list[Path]) -> list[str]:
    """Every link of the pages that leads nowhere, as `page: link (reason)`; other sites are not visited."""
    anchors = {page.resolve(): set(anchors_of(page)) for page in pages}
    found = []
    for page in pages:
        for link in links_of(page):
            path, anchor = unquote(urlsplit(link).path), unquote(urlsplit(link).fragment)
            if urlsplit(link).scheme or urlsplit(link).netloc:
                continue
            target = (page.parent / path).resolve() if path else page.resolve()
            if not target.exists():
                found.append(f"{page}: {link} (no such file)")
            elif anchor and anchor not in anchors.get(target, set()):
                found.append(f"{page}: {link} (no such heading)")
    return found


def links_of(page: Path) -> Iterator[str]:
    """The targets of all links and images of a page of Markdown; none of those within code."""
    for token in walk(tokens_of(page)):
        for attribute in ("href", "src"):
            if attribute in token.attrs:
                yield str(token.attrs[attribute])


def anchors_of(page: Path) -> Iterator[str]:
    """What GitHub calls the headings of a page of Markdown, and names that its HTML gives."""
    seen: dict[str, int] = {}
    tokens = tokens_of(page)
    for opening, heading in pairwise(tokens):
        if opening.type == "heading_open":
            text = "".join(child.content for child in heading.children or () if child.type in ("text", "code_inline"))
            slug = re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")
            yield f"{slug}-{seen[slug]}" if slug in seen else slug
            seen[slug] = seen.get(slug, 0) + 1
    for token in walk(tokens):
        if token.type in ("html_block", "html_inline"):
            yield from re.findall(r"""(?:id|name)=["']([^"']+)""", token.content)


def tokens_of(page: Path) -> list[Token]:
    """A page of Markdown, parsed as GitHub does."""
    return MarkdownIt("gfm-like", {"linkify": False}).parse(page.read_text(encoding="utf-8"))


def walk(tokens: list[Token]) -> Iterator[Token]:
    """Tokens, and those within them."""
    for token in tokens:
        yield token
        yield from walk(token.children or [])


class Page(HTMLParser):
    """A page of the site: its anchors, where its links lead, and what a browser fetches to show it."""

    def __init__(self, path: Path):
        super().__init__()
        self.anchors: set[str] = {""}
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the names and links of an element."""
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        fetched = (
            given.get("src", "") if tag != "link" else given.get("href", "") if given.get("rel") != "canonical" else ""
        )
        if fetched:
            self.fetched.append(fetched)


def broken_in_site(folder: Path) -> list[str]:
    """Every link of the built site that leads nowhere, and everything that it would fetch from the network."""
    pages = {path.resolve(): Page(path) for path in sorted(folder.rglob("*.html")) if "_static" not in path.parts}
    found = []
    for path, page in pages.items():
        name = path.relative_to(folder.resolve())
        found += [f"{name}: {link} (fetched from the network)" for link in page.fetched if is_elsewhere(link)]
        for link in page.links + page.fetched:
            if is_elsewhere(link) or link.startswith(("data:", "mailto:", "javascript:")):
                continue
            parts = urlsplit(link)
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.exists():
                found.append(f"{name}: {link} (no such file)")
            elif target in pages and unquote(parts.fragment) not in pages[target].anchors:
                found.append(f"{name}: {link} (no such anchor)")
    return found


def is_elsewhere(link: str) -> bool:
    """Whether a link leads to another site."""
    return bool(urlsplit(link).netloc)
