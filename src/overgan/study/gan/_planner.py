"""What a study that goes on until it is sure trains next, from its finished runs alone."""

from math import isfinite
from pathlib import Path

from overgan.errors import OverganError
from overgan.metrics import frechet_label
from overgan.models import parameter_counts
from overgan.study._rounds import FIRST, Round, Rounds
from overgan.study._store import Description
from overgan.study.analysis import Standing, next_seeds, standing
from overgan.study.gan._race import costs, values_in_order
from overgan.study.gan._results import RUN, GanResults
from overgan.study.gan._settled import longer_because, twice_or_more
from overgan.study.gan._spec import GanSpec, at_round
from overgan.study.gan._work import check_networks
from overgan.words import percent


def next_round(folder: Path, description: Description, rounds: Rounds) -> Round | None:
    """What every width should have next; None if the study is sure, or nothing that it may do would make it so.

    Longer comes first, for what has not settled says nothing, be it of many seeds; then more seeds, where two widths
    cannot be told apart; then a wider one. All runs of the newest round must be finished.

    Every decision follows from the finished runs, and from the number of parameters, which stands for what a run costs:
    measured times would decide otherwise when the study is made again.
    """
    study = GanResults(folder, description)
    spec, newest = study.spec, rounds.newest
    values = values_in_order(study)
    more = {"initial": rounds.initial, "longer": rounds.longer}
    found = standing(values, spec.tolerance, rounds.confidence, **more)
    if why := _longer_because(study, found):
        iterations = twice_or_more(spec.train, description.data["train"])
        return Round(move="longer", why=why, seeds=newest.seeds, iterations=iterations)
    if wanted := next_seeds(values, spec.tolerance, rounds.confidence, costs(study), **more):
        seeds = {**newest.seeds, **wanted.seeds}
        return Round(move="seeds", why=wanted.why, seeds=seeds, iterations=newest.iterations)
    if why := _wider_because(study, found):
        wider = {2 * found.widths[-1]: min(FIRST, max(newest.seeds.values()))}
        return Round(move="wider", why=why, seeds={**newest.seeds, **wider}, iterations=newest.iterations)
    return None


def _longer_because(study: GanResults, found: Standing) -> str:
    """Why runs should be longer, in a sentence; empty if those of no width that may be enough would gain by it."""
    spec, final = study.spec, study.final()
    evaluations = study.at_best(study.frame())
    evaluations = evaluations[evaluations.features == spec.evaluate.features[0]].merge(final[RUN])
    return longer_because(
        spec.train,
        study.description.data["train"],
        evaluations.rename(columns={"frechet_test": "value"}),
        found.not_excluded,
        spec.tolerance,
        f"test {frechet_label(spec.evaluate.features[0])}",
    )


def described(description: Description, newest: Round) -> Description:
    """The description with the widths and the length of a round."""
    assert isinstance(description.spec, GanSpec)  # noqa: S101 - of this kind
    spec, parameters = at_round(description.spec, newest), dict(description.parameters)
    shape = tuple(description.data["shape"])
    parameters |= {k: parameter_counts(spec.model, k, shape) for k in spec.widths if k not in parameters}
    return description.model_copy(update={"spec": spec, "parameters": parameters})


def _wider_because(study: GanResults, found: Standing) -> str:
    """Why the widest should have a wider one beside it, in a sentence; empty if it need not, or cannot."""
    widest, spec = found.widths[-1], study.spec
    if not (found.improving and isfinite(found.means[widest])):  # where all runs diverged, wider ones will
        return ""
    try:
        counts = parameter_counts(spec.model, 2 * widest, tuple(study.description.data["shape"]))
        runs = spec.seeds_at(2 * widest) * spec.runs_a_seed
        check_networks(2 * widest, counts, runs)  # as a run does that goes on with the study
    except OverganError:  # no memory for it, or a model of the user's that has no such width, or may not be run
        return ""
    return (
        f"k = {widest}, the widest, may still be better than all narrower ones by more than "
        f"{percent(spec.tolerance)}, so k = {2 * widest} is tried."
    )
