"""What a page says first: the answer in a few words, and what the study lacks."""

from dataclasses import dataclass

from overgan.errors import OverganError
from overgan.report._content import unfinished
from overgan.study import Study
from overgan.words import joined


@dataclass(frozen=True)
class Answer:
    """The recommended width, as large as it can be read."""

    label: str
    text: str
    note: str = ""


def answer(study: Study) -> Answer:
    """The recommendation in a few words, or that there is none yet."""
    try:
        found = study.recommend(confidence=study.confidence())
    except OverganError:
        return Answer("Recommended width", "None yet")
    if found.recommended is None:
        return Answer("Recommended width", "None yet", f"of what there is: k = {found.width}")
    return Answer("Recommended width", f"k = {found.width}", found.sure)


def lacking(study: Study) -> list[str]:
    """What a reader must know of a study that is not whole: sentences, none if it is."""
    sentences = unfinished(study)
    gone = {group.width: group.diverged for group in study.status() if group.diverged}
    if gone:
        where = joined([f"k = {width} ({count} of {study.runs(width)})" for width, count in gone.items()])
        sentences.append(f"Runs diverged at {where}.")
    if len(study.spec.widths) == 1:
        sentences.append("There is one width alone, so nothing is said of how anything goes with the width.")
    if max(len(study.seeds(width)) for width in study.spec.widths) == 1:
        sentences.append("There is one seed a width, so nothing is known of how much seeds differ.")
    return sentences
