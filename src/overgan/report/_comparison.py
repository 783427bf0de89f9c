"""Several studies beside each other: what is said of them, as a value."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from overgan.check import check
from overgan.errors import OverganError
from overgan.study import Claim, GanComparison, GanResults, Study, compare_gans, fetch, for_reports, load
from overgan.words import brief, counted, joined


@dataclass(frozen=True, repr=False)
class Comparison:
    """Studies beside each other, by the name that each has on the page."""

    studies: Mapping[str, Study]
    claims: Mapping[str, Sequence[Claim]]
    recommendations: Mapping[str, str]  # in words
    gans: GanComparison | None  # what is tested of trained GANs; None of studies of the theory
    page: Path | None = None

    def __repr__(self) -> str:
        return brief(self, studies=list(self.studies), page=str(self.page))

    @property
    def summary(self) -> str:
        """How many differences are larger than seeds explain, in a sentence."""
        if self.gans is None:
            return (
                "Studies of the theory have no differences that are tested: their curves and claims are side by side."
            )
        tested = [of for of in self.gans.differences if of.difference.low == of.difference.low]
        if not tested:
            return "No difference is tested: that takes a width that two studies have, with two runs each."
        larger = [of for of in tested if of.difference.different]
        at: dict[tuple[str, str], list[int]] = {(of.first, of.second): [] for of in larger}
        for of in larger:
            at[of.first, of.second].append(of.k)
        where = "; ".join(f"{a} and {b} at k = {joined(sorted({*k}))}" for (a, b), k in at.items())
        sure = f"with {100 * self.gans.confidence:g}% confidence in all of them together"
        return (
            f"{len(larger)} of {counted(len(tested), 'difference')} of mean test distances "
            f"{'is' if len(larger) == 1 else 'are'} larger than seeds explain, {sure}{': ' if where else ''}{where}."
        )


def opened(places: Sequence[str | Path], trust: bool) -> dict[str, Study]:
    """The studies by name: their own, or, where several have the same, their folder's.

    Raises OverganError if there is one alone, one twice, one without a finished run, or they are of several kinds.
    """
    check(not isinstance(places, str | Path) and len(places) > 1, "studies", places, "at least two studies")
    found = [load(place, trust) for place in places]
    for study in found:
        fetch(study.folder, for_reports)
    real = [os.path.realpath(study.folder) for study in found]
    if again := [str(place) for i, place in enumerate(places) if real[i] in real[:i]]:
        raise OverganError(f"{again[0]} is named twice; name each study once")
    kinds: dict[str, str] = {}
    for study in found:
        kinds.setdefault(study.spec.kind, study.place)
    if len(kinds) > 1:
        those = [f"{place} is of the kind {kind}" for kind, place in kinds.items()]
        raise OverganError(f"{joined(those)}: they have no number in common; name studies of one kind")
    for study in found:
        if not any(group.finished or group.diverged or group.complete for group in study.status()):
            raise OverganError(f"{study.place} has no finished run yet; go on with it first")
    return named(found)


def named(studies: Sequence[Study]) -> dict[str, Study]:
    """The studies by their names, which those that have the same get from their places."""
    own = [study.spec.name for study in studies]
    last = [study.place.rstrip("/").rpartition("/")[2] for study in studies]
    for names in (own, last):
        if len(set(names)) == len(names):
            return dict(zip(names, studies, strict=True))
    return {study.place: study for study in studies}


def compared(studies: Mapping[str, Study], confidence: float) -> Comparison:
    """What is said of studies of one kind, finished or not."""
    gans = {name: study for name, study in studies.items() if isinstance(study, GanResults)}
    claims, recommendations = {}, {}
    for name, study in studies.items():
        with study.naming():
            claims[name] = study.claims(confidence)
            try:
                recommendations[name] = str(study.recommend(confidence=confidence))
            except OverganError as error:
                recommendations[name] = f"No width can be recommended: {error}"
    return Comparison(studies, claims, recommendations, compare_gans(gans, confidence) if gans else None)
