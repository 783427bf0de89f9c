"""What a GAN's width study will lack to recommend a width by, however its runs turn out."""

import pandas as pd

from overgan.data import image_counts
from overgan.metrics import METRICS, too_few
from overgan.study._quickstart import FEW
from overgan.study.gan._cost import available_spaces, compared
from overgan.study.gan._settled import unsettled
from overgan.study.gan._spec import GanSpec


def lacks(spec: GanSpec) -> tuple[str, ...]:
    """In words: iterations, evaluations, and images of each metric."""
    train, samples = spec.train, compared(spec)
    iterations = [*range(train.evaluate_every, train.iterations, train.evaluate_every), train.iterations]
    evaluations = pd.DataFrame({"k": spec.widths[0], "seed": spec.seeds[0], "iteration": iterations, "value": 1.0})
    images, _ = image_counts(spec.data)
    found = list(unsettled(train, images, evaluations, spec.widths, spec.tolerance, "distance"))
    if any(METRICS[name].per_feature for name in spec.evaluate.all_metrics):
        found += [f"more images: {few}" for few in too_few(spec.evaluate.all_metrics, available_spaces(spec), samples)]
    if samples < FEW:
        found.append(f"more images: small differences between {samples} on each side of a comparison are chance")
    return tuple(found)
