"""Width studies of GANs beside each other: which distances compare, and which differences seeds do not explain."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from overgan.errors import OverganError
from overgan.study._store import flat
from overgan.study.analysis import Difference, Recommendation, differences
from overgan.study.gan._race import values_in_order
from overgan.study.gan._results import GanResults
from overgan.words import counted, joined

Studies = Mapping[str, GanResults]  # by the name that each has on the page
SUREST, ROUNDING = 0.999, 1e-9  # the first is the confidence of a recommendation that can be simulated
OF_NO_RESULT = {  # keys of a spec in which studies of the same may differ
    *("name", "figures", "widths", "seeds", "fewer_seeds", "tolerance", "scale", "data.root"),
    *("train.log_every", "train.evaluate_every", "train.checkpoint_seconds", "train.iterations"),
    *("evaluate.features", "evaluate.metrics", "evaluate.final_metrics", "evaluate.draws", "evaluate.samples"),
}


@dataclass(frozen=True)
class Axis:
    """Studies whose distances in a feature space compare: of the same images, as many, and the same network."""

    features: str
    names: tuple[str, ...]
    data: str  # the images' name


@dataclass(frozen=True)
class Between:
    """The second study's mean test distance less the first's, at a width that both have."""

    features: str
    first: str
    second: str
    k: int
    runs: tuple[int, int]
    difference: Difference


@dataclass(frozen=True)
class Recommended:
    """What each study recommends of the widths that all of an axis have, at a confidence that holds for all of them.

    No single one is surer than 0.999: of n together that is 1 − 0.001 n.
    """

    features: str
    widths: tuple[int, ...]
    by_study: Mapping[str, Recommendation]

    def different(self, first: str, second: str) -> bool:
        """Whether the two studies' right widths are shown to differ: none is left in by both."""
        return not {*self.by_study[first].not_excluded} & {*self.by_study[second].not_excluded}


@dataclass(frozen=True)
class GanComparison:
    """Studies beside each other."""

    axes: tuple[Axis, ...]
    differences: tuple[Between, ...]  # which hold all together with the confidence
    recommended: tuple[Recommended, ...]
    obstacles: tuple[str, ...]  # sentences: what does not compare, and why
    settings: Mapping[str, Mapping[str, Any]]  # by key that differs, each study's value
    confidence: float


def compare_gans(studies: Studies, confidence: float) -> GanComparison:
    """What can be said of the studies beside each other."""
    axes = _axes(studies)
    recommended = tuple(found for axis in axes for found in _recommended(studies, axis, confidence))
    return GanComparison(
        axes=tuple(axes),
        differences=tuple(_differences(studies, axes, confidence)),
        recommended=recommended,
        obstacles=(*_obstacles(studies, axes), *_less_sure(recommended, confidence)),
        settings=_settings(studies),
        confidence=confidence,
    )


def _axes(studies: Studies) -> list[Axis]:
    """In the order of the studies' feature spaces, those of several studies first."""
    found: dict[str, list[str]] = {}
    for name, study in studies.items():
        measured = set(study.frame().features)
        for features in study.spec.evaluate.features:
            if features in measured:
                found.setdefault(json.dumps([features, *_identity(study, features)]), []).append(name)
    axes = [
        Axis(json.loads(key)[0], tuple(names), studies[names[0]].description.data["name"])
        for key, names in found.items()
    ]
    return sorted(axes, key=lambda axis: -len(axis.names))


def _identity(study: GanResults, features: str) -> list[Any]:
    """What two studies must have in common for their distances to compare."""
    data, facts = study.description.data, study.description.features.get(features, {})
    return [data["fingerprint"], facts, _numbers(study)]


def _numbers(study: GanResults) -> str:
    """How many images are compared, in words."""
    data, config = study.description.data, study.spec.evaluate
    generated = data.get("compared", config.samples) if config.reference == "equal" else config.samples
    return f"{generated:,} with {'as many' if config.reference == 'equal' else 'all'}"


def _runs(study: GanResults, features: str) -> dict[int, np.ndarray]:
    return {k: np.array(values, np.float64) for k, values in values_in_order(study, features).items()}


def _differences(studies: Studies, axes: Sequence[Axis], confidence: float) -> list[Between]:
    runs = {(axis, name): _runs(studies[name], axis.features) for axis in axes for name in axis.names}
    found = [
        (axis, first, second, k)
        for axis in axes
        for first, second in combinations(axis.names, 2)
        for k in sorted(runs[axis, first].keys() & runs[axis, second].keys())
    ]
    pairs = [(((axis, first), k), ((axis, second), k)) for axis, first, second, k in found]
    return [
        Between(axis.features, first, second, k, (len(runs[axis, first][k]), len(runs[axis, second][k])), difference)
        for (axis, first, second, k), difference in zip(found, differences(runs, pairs, confidence), strict=True)
    ]


def _recommended(studies: Studies, axis: Axis, confidence: float) -> list[Recommended]:
    finished = [set(_runs(studies[name], axis.features)) for name in axis.names]
    shared = sorted(set.intersection(*finished))
    if len(axis.names) < 2 or len(shared) < 2:
        return []
    each = min(1 - (1 - confidence) / len(axis.names), SUREST)
    by_study = {}
    for name in axis.names:
        narrowed = studies[name].narrowed(shared)
        assert isinstance(narrowed, GanResults)  # noqa: S101 - as it was before
        try:
            by_study[name] = narrowed.recommend(confidence=each, features=axis.features)
        except OverganError:  # all runs diverged
            return []
    return [Recommended(axis.features, tuple(shared), by_study)]


def _less_sure(recommended: Iterable[Recommended], confidence: float) -> Iterable[str]:
    for of in recommended:
        together = 1 - (1 - SUREST) * len(of.by_study)
        if together < confidence - ROUNDING:
            yield (
                f"The recommended widths in {of.features} features are {100 * together:.6g}% sure together, not "
                f"{100 * confidence:.6g}%: of {len(of.by_study)} studies no more can be simulated."
            )


def _obstacles(studies: Studies, axes: Sequence[Axis]) -> Iterable[str]:
    images = {name: study.description.data for name, study in studies.items()}
    if len(by := _by({name: of["fingerprint"] for name, of in images.items()})) > 1:
        those = [f"{joined(names)} {images[names[0]]['name']} (SHA-256 {of[:8]})" for of, names in by.items()]
        yield f"They have other images: {'; '.join(those)}. Distances from other images do not compare."
    for features in dict.fromkeys(axis.features for axis in axes):
        having = {name: study for name, study in studies.items() if features in study.spec.evaluate.features}
        if lacking := [name for name in studies if name not in having]:
            yield f"{features} features are not measured in {joined(lacking)}."
        for same in _by({name: images[name]["fingerprint"] for name in having}).values():
            facts = {name: json.dumps(having[name].description.features.get(features, {})) for name in same}
            if len(by := _by(facts)) > 1:
                parts = "; ".join(joined(names) for names in by.values())
                yield (
                    f"The networks of {features} features are not the same ({parts}), so distances in them do not "
                    "compare."
                )
            if len(by := _by({name: _numbers(having[name]) for name in same})) > 1:
                those = [f"{names} {numbers}" for numbers, of in by.items() for names in [joined(of)]]
                text = f"They compare other numbers of images: {'; '.join(those)}. A distance depends on the number."
                yield text
    yield from _copies(studies, axes)
    lengths = _by({name: study.spec.train.iterations for name, study in studies.items()})
    if len(lengths) > 1:
        those = [f"{joined(names)} for {counted(n, 'iteration')}" for n, names in lengths.items()]
        yield f"They are trained {'; '.join(those)}: a difference between those may be of the length alone."
    scales = _by({name: study.spec.scale for name, study in studies.items()})
    if set(scales) != {1.0}:
        those = [f"{joined(names)} at {scale:g}" for scale, names in scales.items()]
        yield f"Not all were run at full scale: {'; '.join(those)}."
    for axis in axes:
        widths = [set(_runs(studies[name], axis.features)) for name in axis.names]
        if len(axis.names) > 1 and not set.intersection(*widths):
            yield f"{joined(axis.names)} have no finished width in common, which all of them have."


def _copies(studies: Studies, axes: Sequence[Axis]) -> Iterable[str]:
    """Which studies have the same runs, of which it means nothing that they agree."""
    said = set()
    for axis in axes:
        for pair in combinations(axis.names, 2):
            before, after = (_runs(studies[name], axis.features) for name in pair)
            shared = before.keys() & after.keys()
            same = all(np.array_equal(before[k], after[k]) for k in shared)
            if pair not in said and same and any(np.isfinite(before[k]).any() for k in shared):
                said.add(pair)
                yield (
                    f"{joined(pair)} have the same distances in every run, digit for digit, as a study and its copy "
                    "have: that they agree says nothing."
                )


def _by(values: Mapping[str, Any]) -> dict[Any, list[str]]:
    """The names by what they have."""
    found: dict[Any, list[str]] = {}
    for name, value in values.items():
        found.setdefault(value, []).append(name)
    return found


def _settings(studies: Studies) -> dict[str, dict[str, Any]]:
    """By key of the spec in which they differ, what each has; what no result hangs on is left out."""
    specs = {name: flat(study.spec.model_dump(mode="json")) for name, study in studies.items()}
    keys = dict.fromkeys(key for spec in specs.values() for key in spec if key not in OF_NO_RESULT)
    found = {key: {name: spec.get(key) for name, spec in specs.items()} for key in keys}
    return {key: values for key, values in found.items() if len({json.dumps(v) for v in values.values()}) > 1}
