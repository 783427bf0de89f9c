"""Balanced widths of both networks are best (paper, Fig. 7): of one network's widths, and of both."""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

from overgan.metrics import frechet_label
from overgan.study.analysis import (
    COMPARABLE,
    AtCost,
    Claim,
    Estimate,
    Verdict,
    as_judged,
    at_equal_cost,
    balance,
    may_be_best,
)
from overgan.study.gan._pair import Pair
from overgan.study.gan._race import values_in_order
from overgan.study.gan._results import GanResults
from overgan.study.gan.claims._basis import counts, rests_on
from overgan.words import counted, joined, number, percent, span

STATEMENT = "Balanced widths of both networks are best."
WIDER = 2.0  # times the held width: in the paper a width beyond it brings a slight drop already
FIGURE = "frechet-{features}"
SURFACE = "balance-map"


def balance_claim(study: GanResults, confidence: float) -> Claim:
    """What a study in which one network is held at a width says of it.

    Widths from a quarter of the held one to less than twice it are comparable. It supports the statement if one of
    these is shown to be within the tolerance of all wider ones, and better than all narrower ones.
    """
    model, features = study.spec.model, study.spec.evaluate.features[0]
    runs = values_in_order(study)
    rests = rests_on(study, counts(runs), features)
    if model.held is None:
        return _cannot(
            rests,
            "Both networks have the same width in every run, so nothing says what other ratios bring.",
            "a study with model.critic_width or model.generator_width holds one of them; one with model.critic_widths "
            "varies both.",
        )
    other, held = model.held
    network = model.held.varied
    values = {k: np.array(of) for k, of in runs.items() if np.isfinite(of).any()}
    widths = np.array(sorted(values), np.float64)
    inside = comparable_widths(widths, held)
    if len(widths) < 2 or not inside.any() or inside.all():
        return _cannot(
            rests,
            f"The {other} is held at {held}; finished are runs of the {network} at {_widths(widths)}.",
            f"widths of the {network} are needed near {held} and far from it, such as "
            f"widths={[max(1, held // 4), held, 2 * held]}.",
        )
    sets, tolerance = [values[int(k)] for k in widths], study.spec.tolerance
    narrow = widths * COMPARABLE <= held
    verdict = balance(sets, inside, narrow, tolerance, confidence)
    if verdict == "supports" and not (narrow.any() and (widths >= WIDER * held).any()):
        verdict = "cannot tell"  # one side is not there
    means = [float(as_judged(of).mean()) for of in sets]
    best, may_be = int(np.argmin(means)), widths[may_be_best(sets, confidence)]
    label = f"test {frechet_label(features)}"
    return Claim(
        name="balance",
        statement=STATEMENT,
        verdict=verdict,
        because=f"With the {other} held at {held}, the least mean {label}, {number(means[best])}, is at a {network} of "
        f"{widths[best]:.0f}, and may be at {_widths(may_be)}; "
        f"{_compared(widths, means, held, network)}.",
        numbers=(
            Estimate(
                f"width of the best {network} over the {other}'s {held}, in log₂",
                math.log2(widths[best] / held),
                math.log2(may_be.min() / held),
                math.log2(may_be.max() / held),
                confidence,
            ),
        ),
        rests_on=rests,
        needed="" if verdict != "cannot tell" else _needed(widths, held, narrow, sets, network),
        figures=(FIGURE.format(features=features),),
    )


def comparable_widths(widths: Float[np.ndarray, " widths"], held: int) -> Bool[np.ndarray, " widths"]:
    """Whether they are comparable to the held one: more than a quarter of it, and less than twice it."""
    return (widths * COMPARABLE > held) & (widths < WIDER * held)


def surface_claim(
    pairs: Sequence[Pair], cost: str, features: str, tolerance: float, confidence: float
) -> tuple[Claim, list[AtCost]]:
    """What studies of several widths of both networks say of it, and the best pair at each cost.

    cost: what the pairs' costs are. Networks are of comparable widths if neither is four times as wide as the other.
    """
    costs, ratios = (np.array([getattr(p, name) for p in pairs], np.float64) for name in ("cost", "ratio"))
    found = at_equal_cost([p.values for p in pairs], costs, ratios, tolerance, confidence) if pairs else []
    runs = counted(sum(len(p.values) for p in pairs), "run")
    rests = f"{runs}, {counted(len(pairs), 'pair')} of widths, {features} features"
    if not found:
        return _cannot(
            rests,
            f"{counted(len(pairs), 'pair')} of widths finished: none of comparable widths beside one of others.",
            "more of the surface must be run.",
        ), []
    numbers = tuple(_at_cost(of, pairs, cost, confidence) for of in reversed(found))
    verdicts = [of.verdict for of in found]
    agreed = all(of == "supports" for of in verdicts)
    verdict: Verdict = "contradicts" if "contradicts" in verdicts else "supports" if agreed else "cannot tell"
    best = [f"{pairs[of.best]} at a cost of {number(of.cost, 2)}" for of in found]
    shown = sum(of == "supports" for of in verdicts)
    against = f", and contradicted at {verdicts.count('contradicts')}" if verdict == "contradicts" else ""
    return Claim(
        name="balance",
        statement=STATEMENT,
        verdict=verdict,
        because=f"Of pairs that cost no more the best are {joined(best)} ({cost}). That one of comparable widths (less "
        f"than {COMPARABLE:g} times each other) is within {percent(tolerance)} of the best is shown at {shown} of "
        f"{counted(len(found), 'cost')}{against}.",
        numbers=numbers,
        rests_on=rests,
        needed="More seeds would tell." if verdict == "cannot tell" else "",
        figures=(SURFACE,),
    ), found


def _at_cost(of: AtCost, pairs: Sequence[Pair], cost: str, confidence: float) -> Estimate:
    logs = [math.log2(pairs[place].ratio) for place in of.may_be_best] or [math.log2(pairs[of.best].ratio)]
    what = f"generator's width over the critic's of the best pair at a cost of {number(of.cost, 2)} {cost}, in log₂"
    return Estimate(what, math.log2(pairs[of.best].ratio), min(logs), max(logs), confidence)


def _compared(widths: Float[np.ndarray, " widths"], means: Sequence[float], held: int, network: str) -> str:
    """The least means of comparable, wider and narrower ones."""
    sides = {
        f"{network}s of comparable width": comparable_widths(widths, held),
        "wider ones": widths >= WIDER * held,
        "narrower ones": widths * COMPARABLE <= held,
    }
    parts = [f"{name} have {number(min(np.array(means)[of]))} at best" for name, of in sides.items() if of.any()]
    return joined(parts)


def _needed(
    widths: Float[np.ndarray, " widths"],
    held: int,
    narrow: Bool[np.ndarray, " widths"],
    sets: Sequence[Float[np.ndarray, " _"]],
    network: str,
) -> str:
    if not narrow.any():
        return f"{network.capitalize()}s of at most {max(1, held // 4)} are missing."
    if not (widths >= WIDER * held).any():
        return f"{network.capitalize()}s of {2 * held} or more are missing."
    return "More seeds would tell." if max(map(len, sets)) > 1 else "More than one seed is needed."


def _widths(widths: Float[np.ndarray, " widths"]) -> str:
    known = sorted(int(k) for k in widths)
    return f"k = {span(str(known[0]), str(known[-1]))}" if known else "no width"


def _cannot(rests: str, because: str, needed: str) -> Claim:
    return Claim("balance", STATEMENT, "cannot tell", because, rests_on=rests, needed=needed[0].upper() + needed[1:])
