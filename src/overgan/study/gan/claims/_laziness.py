"""Do wide GANs train lazily? (a question of the paper)."""

from dataclasses import dataclass, replace

import numpy as np

from overgan.models import Held
from overgan.study.analysis import Claim, Exponent, Verdict, exponent
from overgan.study.gan._results import GanResults
from overgan.study.gan.claims._basis import Runs, by_width, counts, rests_on, three_widths
from overgan.words import course, joined, number

STATEMENT = "Wide networks train lazily: the wider they are, the less they move from where they began."
LAZY = -0.5  # exponent of k in the relative distance from initialization under the tangent kernel's scaling
BETWEEN = LAZY / 2  # it and 0, the exponent of networks that move as far at every width
NETWORKS = ("generator", "critic")
MORE = "More widths: the exponent is known from how far the widths' means lie from a line."


@dataclass(frozen=True)
class Moved:
    """‖θ − θ₀‖/‖θ₀‖ of one network at the end, of each run by width, and the power of k that goes through it."""

    network: str
    runs: Runs
    fitted: Exponent | None


def moved(study: GanResults, confidence: float = 0.95) -> list[Moved]:
    """Of the generator, and of the critic; runs that did not come to their end, or diverged, are left out."""
    losses = study.at_best(study.losses())
    ended = losses[losses.iteration == study.spec.train.iterations]
    found = []
    for network in NETWORKS:
        logged = by_width(ended, f"moved_{network}")
        runs = {k: some for k, of in logged.items() if len(some := of[of > 0])}
        found.append(Moved(network, runs, exponent(runs, confidence)))
    return found


def laziness(study: GanResults, confidence: float) -> Claim:
    """Whether the distance from initialization, relative to the initial norm, falls with k as in lazy training.

    With the scaling of the tangent kernel it falls about as k^−½, or faster. The claim is supported if the whole
    interval of the exponent is nearer to −½ than to 0, or below −½, for both networks, and contradicted if it is all
    nearer to 0, or above, for one of them, at half of the error, as either network may mislead. A network whose width
    is held says nothing of it.
    """
    held = study.spec.model.held
    networks = [of for of in moved(study, confidence) if not held or of.network == held.varied]
    claim = Claim(
        "laziness",
        STATEMENT,
        "cannot tell",
        "",
        rests_on=rests_on(study, counts(networks[0].runs)),
        figures=("distance-from-initialization",) if any(of.runs for of in networks) else (),
    )
    fitted = {of.network: of.fitted for of in networks if of.fitted}
    if len(fitted) < len(networks):
        because, needed = three_widths("How fast the distance from initialization falls", networks[0].runs)
        return replace(claim, because=because, needed=needed)
    alone = confidence if held else half_error(confidence)
    surer = {of.network: law for of in networks if (law := exponent(of.runs, alone))}
    verdict = lazy_verdict(fitted, surer)
    return replace(
        claim,
        verdict=verdict,
        because=f"{_because(networks, fitted, held)} {_answer(verdict, surer)}",
        numbers=tuple(of.estimate(f"‖θ − θ₀‖/‖θ₀‖ of the {name} at the end") for name, of in fitted.items()),
        needed=MORE if verdict == "cannot tell" else "",
        p_value=next(iter(fitted.values())).p_value,
    )


def half_error(confidence: float) -> float:
    """The confidence of two intervals of which either one may mislead."""
    return (1 + confidence) / 2


def lazy_verdict(fitted: dict[str, Exponent], surer: dict[str, Exponent]) -> Verdict:
    """The verdict, by the exponents of the networks; those that are surer can contradict."""
    if any(of.low > BETWEEN for of in surer.values()):
        return "contradicts"
    return "supports" if all(of.high < BETWEEN for of in fitted.values()) else "cannot tell"


def _because(networks: list[Moved], fitted: dict[str, Exponent], held: Held | None) -> str:
    parts = []
    for of in networks:
        means = {k: float(np.mean(values)) for k, values in of.runs.items()}
        power = number(round(fitted[of.network].exponent, 2))
        parts.append(f"{course(means, digits=2)} for the {of.network}, as k^{power}")
    beside = f", with the {held.network} held at {held.width}" if held else ""
    return f"The distance from initialization at the end, relative to the initial norm, {', and '.join(parts)}{beside}."


def _answer(verdict: Verdict, surer: dict[str, Exponent]) -> str:
    """The paper's question, answered for these networks."""
    if verdict == "supports":
        who = "both networks train" if len(surer) > 1 else f"the {next(iter(surer))} trains"
        return f"In lazy training it falls about as k^-0.5, or faster: {who} lazily here."
    if verdict == "contradicts":
        which = [f"the {name}" for name, of in surer.items() if of.low > BETWEEN]
        do = "do" if len(which) > 1 else "does"
        return f"In lazy training it would fall about as k^-0.5, or faster: {joined(which)} {do} not train lazily here."
    return "Lazy training, in which it falls about as k^-0.5, or faster, is neither shown nor excluded."
