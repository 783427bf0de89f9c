"""Pages are whole, closed to the network by their own policy, and hold the plotly.js that npm has."""

import base64
import hashlib
import re
from html import unescape
from importlib.resources import files

import pytest

from overgan.report._template import PLOTLY, _commands, plotly, render

SHA256 = "99784e3abfb07b142a15e521a439e6d9addceadb3f79553fd24c72774f0649ba"  # of npm's plotly.js-basic-dist-min 4.1.1


def test_plotly_is_the_file_of_its_registry_with_its_licence():
    assert hashlib.sha256(plotly().encode()).hexdigest() == SHA256
    assert "plotly.js (basic - minified) v4.1.1" in plotly()[:100]
    vendored = files("overgan.report").joinpath("vendored")
    assert vendored.joinpath("plotly-basic.LICENSE").read_text().startswith("MIT License")
    assert SHA256 in vendored.joinpath("README.md").read_text()
    assert len(files("overgan.report").joinpath(PLOTLY).read_bytes()) < 500_000


@pytest.mark.parametrize("plots", [False, True])
def test_a_page_may_run_its_own_scripts_and_ask_for_nothing(plots):
    page = render("evaluation.html.j2", plots=plots, title="t", columns=[], rows=[], neighbours=[], facts="<script>x")
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    allowed = dict(rule.split(" ", 1) for rule in unescape(policy).split("; "))
    assert allowed["default-src"] == "'none'"
    assert allowed["img-src"] == "data:"
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    assert (plotly() in scripts) == plots
    sums = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert allowed["script-src"] == " ".join(f"'sha256-{value}'" for value in sums)


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("Measure <it>: `a&b`.", "Measure &lt;it&gt;: <code>a&amp;b</code>."),
        (
            "It takes overgan evaluate --study a.b --metrics x,y.",
            "It takes <code>overgan evaluate --study a.b --metrics x,y</code>.",
        ),
        ("More (overgan evaluate --metrics x).", "More (<code>overgan evaluate --metrics x</code>)."),
        ("By overgan evaluate.", "By overgan evaluate."),
    ],
)
def test_commands_are_code_and_all_else_text(sentence, shown):
    assert _commands(sentence) == shown
