"""Pages made of this package's HTML templates: whole, style and scripts in them, and closed to the network."""

import base64
import gzip
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup, escape

PLOTLY = "vendored/plotly-basic.min.js.gz"  # plotly.js 4.1.1, the basic bundle: no registry of Python's has it alone

COMMAND = re.compile(r"`([^`]+)`|overgan [a-z]+(?: --[a-z-]+ [^\s)]*[^\s).,;])+")


def render(name: str, *, plots: bool = False, **values: Any) -> str:
    """The page made by the template in the file of that name, which extends base.html.j2.

    plots: whether it has plots, so that it needs plotly. values: of the template, `title` at least.
    """
    scripts = [*([plotly(), _text("plots.js")] if plots else []), _text("page.js")]
    loader = jinja2.PackageLoader("overgan.report", "")
    environment = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["commands"] = _commands
    page = environment.get_template(name)
    return page.render(style=_text("style.css"), scripts=scripts, policy=_policy(scripts), **values)


@cache
def plotly() -> str:
    """The source of plotly.js."""
    return gzip.decompress(files("overgan.report").joinpath(PLOTLY).read_bytes()).decode()


def _commands(sentence: str) -> Markup:
    """A sentence with its commands, and what it has between backticks, as code."""
    return Markup(COMMAND.sub(lambda found: f"<code>{found[1] or found[0]}</code>", str(escape(sentence))))  # noqa: S704 - escaped


def _text(name: str) -> str:
    return files("overgan.report").joinpath(name).read_text(encoding="utf-8")


def _policy(scripts: list[str]) -> str:
    """What a browser lets the page do: run these scripts, and show what is in it."""
    sums = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    allowed = " ".join(f"'sha256-{value}'" for value in sums)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )
