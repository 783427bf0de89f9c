"""What a figure of a study is called: the paper's number, and its letter where the study is what one panel shows."""

import re

from overgan.study import KINDS, Study, at_scale
from overgan.study.gan import GanSpec

LETTERS = {  # of networks and images
    4: {("dcgan", "cifar10"): "a", ("dcgan", "celeba"): "b", ("resnet", "cifar10"): "d", ("resnet", "celeba"): "e"},
    5: {("dcgan", "cifar10"): "a", ("dcgan", "celeba"): "b"},
    6: {("dcgan", "cifar10"): "a", ("resnet", "cifar10"): "b"},
}


def figure_name(study: Study, number: int) -> str:
    """Such as 3, or 4a: by the study's networks and images, else as its spec says; of Fig. 7 by which width varies."""
    spec = study.spec
    if number == 7 and isinstance(spec, GanSpec):
        return "7a" if spec.model.generator_width else "7b"
    hinted = [str(figure) for figure in spec.figures if re.fullmatch(rf"{number}[a-f]", str(figure))]
    letter = ""
    if number in LETTERS and isinstance(spec, GanSpec):
        letter = LETTERS[number].get((spec.model.name, spec.data.name), "")
    if letter or not hinted:
        return f"{number}{letter}"
    return hinted[0]


def title(study: Study) -> str:
    """What a figure is of, with the scale of a scaled study."""
    subject, scale = KINDS[study.spec.kind].subject(study.spec), at_scale(study.spec)
    return f"{subject} ({scale})" if scale else subject
