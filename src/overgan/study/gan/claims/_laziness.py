"""Do wide GANs train lazily? (a question of the paper)."""

import math
from dataclasses import dataclass, replace

import numpy as np

from overgan.study.analysis import Claim, Exponent, Verdict, exponent
from overgan.study.gan._results import GanResults
from overgan.study.gan.claims._basis import rests_on
from overgan.words import course, joined, number

STATEMENT = "Wide networks train lazily: the wider they are, the less they move from where they began."
LAZY = -0.5  # exponent of k in the relative distance from initialization under the tangent kernel's scaling
NETWORKS = ("generator", "critic")
MORE = "More widths: the exponent is known from how far the widths' means lie from a line."


@dataclass(frozen=True)
class Moved:
    """‖θ − θ₀‖/‖θ₀‖ of one network at the end, of each run by width, and the power of k that goes through it."""

    network: str
    runs: dict[int, list[float]]
    fitted: Exponent | None


def moved(study: GanResults, confidence: float = 0.95) -> list[Moved]:
    """Of the generator, and of the critic; runs that did not come to their end, or diverged, are left out."""
    losses = study.at_best(study.losses())
    ended = losses[losses.iteration == study.spec.train.iterations]
    found = []
    for network in NETWORKS:
        column = f"moved_{network}"
        values = ended[column].astype(float) if column in ended else ended.k.astype(float) * math.nan
        known = ended.k[np.isfinite(values) & (values > 0)].astype(int)
        runs = {int(k): values[known.index[known == k]].tolist() for k in sorted(set(known))}
        found.append(Moved(network, runs, exponent(runs, confidence)))
    return found


def laziness(study: GanResults, confidence: float) -> Claim:
    """Whether the distance from initialization, relative to the initial norm, falls with k as in lazy training.

    With the scaling of the tangent kernel it falls as k^−½ or faster. The claim is supported if for both networks the
    exponent's interval is below 0 and reaches −½, and contradicted if for one of them it is all above −½.
    """
    networks = moved(study, confidence)
    runs = {k: len(of) for k, of in networks[0].runs.items()}
    claim = Claim(
        "laziness",
        STATEMENT,
        "cannot tell",
        "",
        rests_on=rests_on(study, runs),
        figures=("distance-from-initialization",),
    )
    fitted = {of.network: of.fitted for of in networks if of.fitted}
    if len(fitted) < len(networks):
        there = f"runs of k = {joined(list(runs))} have" if runs else "no run has"
        because = (
            f"How the distance from initialization goes with the width takes three widths: {there} come to an end."
        )
        return replace(claim, because=because, needed="Finished runs of three widths or more.")
    verdict = _verdict(fitted)
    return replace(
        claim,
        verdict=verdict,
        because=f"{_because(networks, fitted)} {_answer(verdict, fitted)}",
        numbers=tuple(of.estimate(f"‖θ − θ₀‖/‖θ₀‖ of the {name} at the end") for name, of in fitted.items()),
        needed=MORE if verdict == "cannot tell" else "",
        p_value=fitted["generator"].p_value,
    )


def _verdict(fitted: dict[str, Exponent]) -> Verdict:
    if any(of.low > LAZY for of in fitted.values()):
        return "contradicts"
    return "supports" if all(of.high < 0 for of in fitted.values()) else "cannot tell"


def _because(networks: list[Moved], fitted: dict[str, Exponent]) -> str:
    parts = []
    for of in networks:
        means = {k: float(np.mean(values)) for k, values in of.runs.items()}
        power = number(round(fitted[of.network].exponent, 2))
        parts.append(f"{course(means, digits=2)} for the {of.network}, as k^{power}")
    return f"The distance from initialization at the end, relative to the initial norm, {', and '.join(parts)}."


def _answer(verdict: Verdict, fitted: dict[str, Exponent]) -> str:
    """The paper's question, answered for these networks."""
    if verdict == "supports":
        return "It falls at a rate that agrees with lazy training, k^-0.5 or faster: as far as this tells, they do."
    if verdict == "contradicts":
        which = [f"the {name}" for name, of in fitted.items() if of.low > LAZY]
        do = "do" if len(which) > 1 else "does"
        return f"In lazy training it would fall as k^-0.5 or faster: {joined(which)} {do} not train lazily here."
    return "Lazy training, in which it falls as k^-0.5 or faster, is neither shown nor excluded."
