"""Write docs/verdicts.md: what every study whose tables are in docs/results says of the paper's claims.

python docs/make_results.py
"""

import math
from pathlib import Path

import overgan
from overgan.study import STUDY, Claim, Estimate, Study
from overgan.words import joined, number, span

VERDICTS = ("supports", "contradicts", "cannot tell")
RESULTS = Path(__file__).with_name("results")
PAGE = Path(__file__).with_name("verdicts.md")
HEAD = """# The paper's claims, study by study

What the [studies on real images](how-wide.md) and those of the theory say of each of the paper's statements. This page
is made from their tables, in the folders of `docs/results`, by `python docs/make_results.py`; `overgan claims` prints
the same of such a folder. How a verdict comes about: [claims](claims.md). None of these distances is a FID: they are in
the features of a small classifier, or of random convolutions, and on CIFAR-10 of a JPEG copy of its images. No number
of iterations comes near the paper's 300,000. Numbers of seeds are those that would decide a claim; how many would name
the width that is enough, [results](results.md) says.
"""


def studies() -> dict[str, Study]:
    """Those in docs/results, by their folders' names: trained GANs, then the theory's."""
    found = {path.parent.name: overgan.load(path.parent) for path in sorted(RESULTS.glob(f"*/{STUDY}"))}
    return dict(sorted(found.items(), key=lambda named: named[1].spec.kind != "gan"))


def page() -> str:
    """The whole page."""
    found = studies()
    every = {name: study.claims() for name, study in found.items()}
    claims = {name: [claim for claim in of if claim.numbers] for name, of in every.items()}
    parts = [HEAD, overview(claims)]
    for name, study in found.items():
        parts += [f"## {name}\n", about(study), *map(shown, claims[name])]
        if silent := [claim.name for claim in every[name] if not claim.numbers]:
            parts.append(f"- Not measured in this study: {joined(silent)}.")
        parts.append("")
    return "\n".join(parts).rstrip()


def overview(claims: dict[str, list[Claim]]) -> str:
    """Of every claim, the studies by verdict."""
    names = list(dict.fromkeys(claim.name for of in claims.values() for claim in of))
    lines = ["| claim | supports | contradicts | cannot tell |", "|---|---|---|---|"]
    for name in names:
        said = {study: claim.verdict for study, of in claims.items() for claim in of if claim.name == name}
        cells = [
            ", ".join(f"[{study}](#{study})" for study, of in said.items() if of == verdict) for verdict in VERDICTS
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def about(study: Study) -> str:
    """What it is of, what it took, and the command that makes it again."""
    spec, machine, versions = study.spec, study.description.machine, study.description.versions
    groups = [study.group_status(width) for width in spec.widths]
    hours = sum(group.before + group.seconds for group in groups) * machine.get("threads", 1) / 3600
    seeds = [str(len(study.seeds(width))) for width in spec.widths]
    many = f"{seeds[0]} seeds a width" if len(set(seeds)) == 1 else f"{joined(seeds)} seeds, in this order"
    of = f"k = {joined([f'{width:,}' for width in spec.widths])}; {many}"
    if spec.kind == "gan" and (held := spec.model.held):
        of = f"{of}; k is the {held.varied}'s width, and the {held.network}'s is {held.width}"
    took = f"{number(hours, 2)} core-hours of training on {machine['processor']}, PyTorch {versions.get('torch', '–')}"
    return f"{of}; {took}.\n\n```text\n{study.description.command}\n```\n"


def shown(claim: Claim) -> str:
    """A claim, its numbers, and what would tell."""
    said = f"- **{claim.verdict.capitalize()}: {claim.statement}** (*{claim.name}*) {claim.because} {claim.needed}"
    return "\n".join([said.rstrip(), *(f"  - {estimate_words(of)}" for of in claim.numbers)])


def estimate_words(of: Estimate) -> str:
    """A number with its interval."""
    value, low, high = of.shown
    interval = f"{100 * of.confidence:g}% interval: {span(low, high)}"
    return f"{of.what}: {value}{'' if math.isnan(of.low) else f' ({interval})'}"


if __name__ == "__main__":
    PAGE.write_text(page() + "\n", encoding="utf-8")
