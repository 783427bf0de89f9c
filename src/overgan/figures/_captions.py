"""What is said below a figure: of which runs it is, and where the study is not as the paper's."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from overgan.figures._samples import Samples
from overgan.study import KINDS, Study, load_spec, scale_warning
from overgan.study.gan import GanSpec, GanStudy, Numbers, numbers, unseen
from overgan.training import TrainConfig
from overgan.words import counted, joined, number, span

PAPER = "Balaji et al., ICLR 2021"
ITERATIONS, BATCH, SEEDS = 300_000, 64, 5  # of every experiment of the paper
WGAN_GP = 5, 10  # critic steps an iteration, and the weight of the penalty
TRAINED = {"mlp": "mlp-mnist", "resnet": "resnet-cifar10"}  # presets with what it does not give; others as its DCGAN
NETWORKS = {"mlp": "an MLP", "dcgan": "DCGAN", "resnet": "ResNet"}
IMAGES = {"mnist": "MNIST", "cifar10": "CIFAR-10", "celeba": "CelebA"}


@dataclass(frozen=True)
class Original:
    """What one of the paper's figures is of."""

    networks: Collection[str]
    images: Collection[str]

    def __str__(self) -> str:
        networks, images = joined([NETWORKS[n] for n in self.networks]), joined([IMAGES[i] for i in self.images])
        return f"{networks} on {images}"


def caption(study: Study, figure: str, sentences: Iterable[str], unlike: Sequence[str]) -> str:
    """All sentences: what is drawn, of which runs, what is missing, and what is not as in the paper.

    figure: the paper's, such as 4a. unlike: what is not as there, each in a few words.
    """
    scaled = scale_warning(study.spec)
    same = f"The settings are those of the paper ({PAPER}), or where it names none, those of its presets."
    last = f"Unlike the paper ({PAPER}): {'; '.join(unlike)}." if unlike else same
    narrowed = f"Shown are {study.shown}." if study.shown else ""
    parts = [f"Fig. {figure}.", *sentences, narrowed, *missing(study), scaled, last]
    return " ".join(part for part in parts if part)


def missing(study: Study) -> list[str]:
    """Which runs diverged, and which widths are not finished, in sentences; none if all is well."""
    groups = study.status()
    runs = sum(group.runs or study.runs(group.width) for group in groups)
    diverged = [f"{group.diverged} at k = {group.width}" for group in groups if group.diverged]
    count = sum(group.diverged for group in groups)
    sentences = (
        [f"{count} of {counted(runs, 'run')} diverged ({', '.join(diverged)}) and are in no mean after that."]
        if count
        else []
    )
    if widths := [group.width for group in groups if not group.complete]:
        sentences.append(f"Not finished when this was drawn: k = {joined(widths)}.")
    return sentences


def spread(drawn: pd.DataFrame, shown: str) -> str:
    """Over how many seeds a mean is, and what its band says.

    drawn: rows with k and seed. shown: what the band reaches over.
    """
    counts = sorted(set(drawn.groupby("k").seed.nunique()))
    if counts == [1]:
        return "One seed a width, so there is no spread."
    alone = "; of one seed there is none" if counts[0] == 1 else ""
    return f"Lines: mean over {_seeds(counts)} a width; bands: {shown}{alone}."


def _seeds(counts: Sequence[int]) -> str:
    """How many, from the least to the most of these counts."""
    return counted(counts[0], "seed") if len(counts) == 1 else f"{counts[0]} to {counts[-1]} seeds"


def cut(rows: pd.DataFrame, by: list[str], *columns: str, logarithmic: bool) -> list[str]:
    """That bands of the mean and its deviation are cut, where some of these columns are on a logarithmic axis."""
    of = rows.groupby(by)[list(columns)].agg(["mean", "std"]).astype(float)
    below = logarithmic and any((of[column]["mean"] <= of[column]["std"]).any() for column in columns)
    return ["A band that reaches the lower edge goes on to 0 or below."] if below else []


def alone(drawn: pd.DataFrame) -> list[str]:
    """That there is no curve against width, if one width alone is drawn."""
    return ["One width is drawn, so there is no curve."] if drawn.k.nunique() == 1 else []


def of_gan(study: GanStudy, widths: Sequence[int]) -> str:
    """The networks, images and training, and the widths that are drawn, in a sentence."""
    spec, data = study.spec, study.description.data
    height, width, channels = data["shape"]
    images = f"{height} × {width} pixels, {counted(channels, 'channel')}"
    sides = f"{data['train']:,} training and {data['test']:,} held-out images"
    length = f"{counted(spec.train.iterations, 'iteration')} of batch {spec.train.batch}"
    return f"{KINDS[spec.kind].subject(spec)} ({images}; {sides}), k = {joined(widths)}; {length}."


def compared(study: GanStudy, features: str) -> str:
    """In which features, of how many images the distances are, in a sentence."""
    of = _numbers(study, features)
    if of.generated:
        return (
            f"Distances are in {features} features, of {of.generated:,} generated images and all "
            f"training{unseen(study, [features])}, or all held-out, images."
        )
    return f"Distances are in {features} features, of {of} generated images and as many real ones."


def _numbers(study: GanStudy, features: str) -> Numbers:
    return next(of for of, spaces in numbers(study, study.frame()).items() if features in spaces)


def of_samples(shown: Sequence[Samples]) -> str:
    """Of which networks the samples are, in a sentence."""
    if not shown:
        return "Training left no samples to show."
    each = [f"k = {s.width} (iteration {s.iteration:,})" for s in shown]
    return f"Samples: {joined(each)}, {_seeds(sorted({s.seeds for s in shown}))}, not selected."


def unlike_gan(study: GanStudy, original: Original, features: str = "", *, varied: str = "") -> list[str]:
    """Where a study is not as the paper's, each in a few words.

    features: in which distances are drawn, if any are. varied: the one network whose width varies, where it should.
    """
    spec, train, model = study.spec, study.spec.train, study.spec.model
    found = []
    if model.name not in original.networks or spec.data.name not in original.images:
        of_a_folder = " (images of a folder)" if spec.data.name == "folder" else ""
        found.append(f"{KINDS[spec.kind].subject(spec)}{of_a_folder}, not {original}")
    if not varied and (held := model.held):
        found.append(f"only one network's width varies, the {held.network}'s is held at {held.width}")
    if features and features != "inception":
        found.append(f"distances in {features} features, not Inception's, so they are no FID")
    if features and not _numbers(study, features).generated:
        found.append("as many real images as generated ones, not the whole training set")
    if train.iterations != ITERATIONS:
        found.append(f"{counted(train.iterations, 'iteration')}, not {ITERATIONS:,}")
    if train.batch != BATCH:
        found.append(f"batch {train.batch}, not {BATCH}")
    if (seeds := sorted({len(study.seeds(width)) for width in spec.widths})) != [SEEDS]:
        found.append(f"{_seeds(seeds)} a width, not {SEEDS}")
    if train.loss != "wgan-gp":
        found.append(f"the {train.loss} loss, not WGAN-GP")
    elif (train.critic_steps, train.gradient_penalty) != WGAN_GP:
        found.append(
            f"{counted(train.critic_steps, 'critic step')} and gradient penalty {number(train.gradient_penalty)}, not "
            f"{WGAN_GP[0]} and {WGAN_GP[1]}"
        )
    updated = train.generator_batch or train.batch
    if updated not in (train.batch, BATCH):
        found.append(f"batch {updated} of generator updates, not {BATCH}")
    celeba = (model.name, spec.data.name) == ("resnet", "celeba")  # whose Adam is not that of other images
    preset = load_spec("resnet-celeba" if celeba else TRAINED.get(model.name, "dcgan-cifar10"))
    assert isinstance(preset, GanSpec)  # noqa: S101 - these presets are of that kind
    found += _unlike_adam(train, preset.train)
    if len(train.rates) > 1:
        found.append("each width at the best of several learning rates, chosen on training images")
    if train.average:
        found.append("images of the generator's running average")
    return found + (_unlike_networks(spec, preset) if model.name == preset.model.name else [])


def _unlike_networks(spec: GanSpec, preset: GanSpec) -> list[str]:
    """Where networks of the same name and the form of their images are not those of a preset."""
    model, theirs, found = spec.model, preset.model, []
    if model.latent != theirs.latent:
        found.append(f"latents of {counted(model.latent, 'dimension')}, not {theirs.latent}")
    if model.name == "mlp" and model.depth != theirs.depth:
        found.append(f"{counted(model.depth, 'hidden layer')}, not {theirs.depth}")
    if model.sampling_norm != theirs.sampling_norm:
        found.append(f"samples by the {model.sampling_norm} statistics of batch norm, not {theirs.sampling_norm}")
    if spec.data.dither != preset.data.dither:
        found.append("dithered images" if spec.data.dither else "images without dither")
    made = [f"{spec.data.size} pixels"] if spec.data.size else []
    made += [spec.data.mode] if spec.data.mode else []
    return [*found, f"images made {joined(made)}"] if made else found


def _unlike_adam(train: TrainConfig, paper: TrainConfig) -> list[str]:
    """Where learning rates and betas are not those of the paper, or, where it gives none, of a preset."""
    found = []
    if (train.rates, train.betas) != (paper.rates, paper.betas):
        rates, betas = train.rates, ", ".join(map(number, train.betas))
        found.append(
            f"Adam with learning rate {span(number(rates[0]), number(rates[-1]))} and betas {betas}, "
            f"not {number(paper.learning_rate)} and {', '.join(map(number, paper.betas))}"
        )
    if train.schedule != paper.schedule:
        found.append(f"a {train.schedule} schedule of the learning rate, not {paper.schedule}")
    if train.rules != paper.rules:
        of = f" of {joined(train.rules)}" if len(train.rules) > 1 else f", not {paper.learning_rate_rule}"
        found.append(f"learning rates by the rule {train.rules[0]}{of}")
    return found
