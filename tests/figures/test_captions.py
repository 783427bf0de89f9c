"""What a caption says of the study, of what is missing, and of what is not as in the paper."""

import json

import pandas as pd
import pytest

from overgan import figures
from overgan.figures._captions import Original, unlike_gan
from overgan.figures._training import said_of_curves
from overgan.study import load_spec

PAPERS = load_spec("dcgan-cifar10").model_dump(mode="json")


def test_a_caption_says_what_the_study_is(make_gan):
    text = figures.fig4(make_gan()).caption
    assert text.startswith("Fig. 4. Pixels Fréchet distance (lower is better")
    for words in (
        "mean over 3 seeds a width; bands: one standard deviation to each side",
        "mlp on digits (8 × 8 pixels, 1 channel; 20 training and 9 held-out images)",
        "k = 4, 8, 32 and 128; 20 iterations of batch 64",
        "in pixels features, of 9 generated images and as many real ones",
        "Samples: k = 8 (iteration 20) and k = 128 (iteration 20), 3 seeds, not selected.",
        "Unlike the paper (Balaji et al., ICLR 2021): mlp on digits, not DCGAN and ResNet on CIFAR-10 and CelebA; "
        "distances in pixels features, not Inception's, so they are no FID; as many real images as generated ones, not "
        "the whole training set; 20 iterations, not 300,000; 3 seeds a width, not 5.",
    ):
        assert words in text
    assert "diverged" not in text
    assert "Not finished" not in text


def test_a_caption_says_what_diverged_and_what_is_not_finished(make_gan):
    text = figures.fig4(make_gan(diverged={(4, 0), (4, 1), (8, 2)}, unfinished={128})).caption
    assert "3 of 12 runs diverged (2 at k = 4, 1 at k = 8) and are in no mean after that." in text
    assert "Not finished when this was drawn: k = 128." in text
    assert (
        "mean over 1 to 3 seeds a width; bands: one standard deviation to each side; of one seed there is none" in text
    )
    assert "k = 4, 8 and 32; 20 iterations" in text
    assert "Samples: k = 8 (iteration 20) and k = 128 (iteration 10), 2 to 3 seeds" in text


def test_a_scaled_study_says_so_in_its_figure_and_caption(make_gan):
    drawn = figures.fig4(make_gan(scale=0.01))
    assert drawn.figure.get_suptitle() == "mlp on digits (at 0.01 of full scale)"
    assert "Run at 0.01 of full scale: 1% of the iterations and samples" in drawn.caption


def test_what_is_not_the_papers_training_is_named(make_gan):
    train = {"iterations": 20, "evaluate_every": 10, "loss": "hinge", "batch": 32, "average": 0.9}
    text = figures.fig4(make_gan(train=train)).caption
    assert "the hinge loss, not WGAN-GP; images of the generator's running average" in text
    assert "batch 32, not 64" in text


def test_the_papers_critic_steps_penalty_and_adam_are_named_where_they_are_others(make_gan):
    train = {"iterations": 20, "evaluate_every": 10, "critic_steps": 1, "gradient_penalty": 0.5}
    train |= {"learning_rate": 1e-3, "betas": [0.0, 0.9]}
    text = figures.fig4(make_gan(train=train, model={"name": "dcgan"}, data={"name": "cifar10"})).caption
    assert "1 critic step and gradient penalty 0.5, not 5 and 10" in text
    assert "Adam with learning rate 0.001 and betas 0, 0.9, not 0.0001 and 0.5, 0.999" in text


@pytest.mark.parametrize(
    ("model", "data", "train", "unlike"),
    [
        ("mlp", "mnist", {}, ""),
        ("mlp", "mnist", {"learning_rate": 8e-3, "betas": [0.0, 0.9]}, "rate 0.008 and betas 0, 0.9, not 0.0001 and"),
        ("dcgan", "cifar10", {"schedule": "linear"}, "a linear schedule of the learning rate, not constant"),
        ("dcgan", "cifar10", {"generator_batch": 128}, "batch 128 of generator updates, not 64"),
        ("dcgan", "cifar10", {"learning_rate_rule": "mup", "base_width": 4}, "rates by the rule mup, not constant"),
        (
            "dcgan",
            "cifar10",
            {"learning_rate_rules": ["mup", "constant"], "base_width": 4},
            "learning rates by the rule mup of mup and constant",
        ),
        ("resnet", "cifar10", {}, "betas 0.5, 0.999, not 0.0002 and 0, 0.9; a constant schedule of the learning rate"),
        ("resnet", "celeba", {"betas": [0.0, 0.9]}, ""),
    ],
)
def test_training_is_compared_with_the_papers_or_where_it_names_none_the_presets(make_gan, model, data, train, unlike):
    study = make_gan(
        features=["inception"],
        reference="all",
        seeds=list(range(5)),
        model={"name": model} | ({} if model == "mlp" else {"sampling_norm": "batch"}),
        data={"name": data},
        train={"iterations": 20, "evaluate_every": 10} | train,
    )
    found = unlike_gan(study, Original((model,), (data,)), "inception")
    assert found[0] == "20 iterations, not 300,000"
    assert unlike in "; ".join(found[1:])
    assert bool(unlike) == bool(found[1:])
    assert not any("several learning rates" in words for words in found)


def test_networks_and_the_form_of_images_are_compared_with_the_presets(make_gan):
    data = {"name": "mnist", "size": 16, "mode": "grey", "dither": True}
    study = make_gan(model={"name": "mlp", "latent": 32, "depth": 1}, data=data)
    found = "; ".join(unlike_gan(study, Original(("mlp",), ("mnist",))))
    assert "latents of 32 dimensions, not 128; 1 hidden layer, not 2; dithered images; " in found
    assert found.endswith("images made 16 pixels and grey")
    study.spec = study.spec.model_copy(update={"model": study.spec.model.model_copy(update={"name": "dcgan"})})
    assert "samples by the running statistics of batch norm, not batch" in "; ".join(
        unlike_gan(study, Original(("dcgan",), ("mnist",)))
    )


def test_fig_6_names_all_that_differs_of_its_critics(make_gan):
    study = make_gan(nnd=True)
    assert "NND's critics" not in figures.fig6(study).caption
    nnd = study.spec.evaluate.nnd.model_copy(update={"iterations": 2000, "width": 16, "average": 0.99, "memorized": 9})
    evaluate = study.spec.evaluate.model_copy(update={"nnd": nnd})
    study.spec = study.spec.model_copy(update={"evaluate": evaluate})
    said = "NND's critics with iterations 2,000 (100,000), width 16 (64) and average 0.99 (0.999), in brackets the"
    assert f"by the spec, {said}" in figures.fig6(study).caption


def test_fig_7_names_the_standard_width(make_gan):
    model = {"name": "dcgan", "critic_width": 16, "sampling_norm": "batch"}
    text = figures.fig7(make_gan(model=model, data={"name": "cifar10"})).caption
    assert "the critic's width is held at 16, not 64" in text
    assert "The width of the generator varies, that of the critic is 16 (dotted line)." in text
    assert "only one network's width varies" not in text


def test_another_figure_of_one_networks_width_says_so(make_gan):
    text = figures.fig5(make_gan(model={"name": "mlp", "critic_width": 16})).caption
    assert "only one network's width varies, the critic's is held at 16" in text


def test_a_study_with_the_papers_settings_is_not_said_to_differ(make_gan):
    keys = {key: PAPERS[key] for key in ("data", "model", "seeds")}
    train = PAPERS["train"] | {"iterations": 20, "evaluate_every": 10}
    study = make_gan(features=["inception"], reference="all", train=train, **keys)
    drawn = figures.fig4(study)
    assert drawn.name == "fig4a"
    assert drawn.figure.axes[0].get_ylabel() == "FID"
    assert drawn.caption.startswith("Fig. 4a. FID (lower is better")
    assert "Unlike the paper (Balaji et al., ICLR 2021): 20 iterations, not 300,000." in drawn.caption
    assert "10,000 generated images and all training, or all held-out, images" in drawn.caption


def test_a_caption_has_the_numbers_of_its_features(make_gan):
    study = make_gan(reference="all", features=["classifier", "pixels"], widths=[4, 8])
    study.description.data["unseen"] = 9
    seen = {name: figures.fig4(study, features=name).caption for name in ("classifier", "pixels")}
    assert (
        "10,000 generated images and all training (9 in classifier features), or all held-out, im" in seen["classifier"]
    )
    assert "10,000 generated images and all training, or all held-out, images" in seen["pixels"]
    for k in (4, 8):
        row = {"seed": 0, "iteration": 20, "features": "inception", "frechet_train": 3.0, "frechet_test": 4.0}
        (study.group(k) / "later.jsonl").write_text(json.dumps(row | {"compared": 5, "generated": 0}) + "\n")
    text = figures.fig4(study, features="inception").caption
    assert "in inception features, of 5 generated images and as many real ones" in text
    assert "as many real images as generated ones, not the whole training set" in text


@pytest.mark.parametrize(
    ("model", "data", "hint", "names"),
    [
        ("dcgan", "cifar10", [], ["fig4a", "fig5a", "fig6a"]),
        ("dcgan", "celeba", [], ["fig4b", "fig5b", "fig6"]),
        ("resnet", "cifar10", [], ["fig4d", "fig5", "fig6b"]),
        ("resnet", "celeba", ["4a"], ["fig4e", "fig5", "fig6"]),  # the networks and images count, not the hint
        ("dcgan", "folder", ["4a", "5a"], ["fig4a", "fig5a", "fig6"]),
        ("mlp", "mnist", [3], ["fig4", "fig5", "fig6"]),
        ("mlp", "digits", [40, "4f", 10], ["fig4f", "fig5", "fig6"]),
    ],
)
def test_a_figure_has_the_letter_of_the_papers_panel(make_gan, model, data, hint, names):
    study = make_gan(nnd=True, model={"name": model}, data={"name": data}, figures=hint)
    assert [draw(study).name for draw in (figures.fig4, figures.fig5, figures.fig6)] == names


def test_the_shallow_gans_caption_has_its_problem_and_its_seeds(make_shallow):
    text = figures.fig2(make_shallow(diverged={(5, 0)}, unfinished={10}, scale=0.5)).caption
    assert "mean over 2 to 3 seeds a width; bands: from the least to the greatest" in text
    assert "n = 1,000, d = 10, m = 4; at most 10 steps; GDA with μ = 1; best;" in text
    assert "1 of 9 runs diverged (1 at k = 5)" in text
    assert "Not finished when this was drawn: k = 10." in text
    assert "Run at 0.5 of full scale" in text
    assert "n, d and m, the steps and the number of seeds are ours" in text


def test_a_band_that_a_logarithmic_axis_cuts_is_said_to_go_on():
    rows = [{"k": 4, "seed": seed, "iteration": 20, "frechet_test": of} for seed, of in enumerate((1.0, 1.0, 90.0))]
    frame, cut = pd.DataFrame(rows), "A band that reaches the lower edge goes on to 0 or below."
    assert cut in said_of_curves(frame, logarithmic=True)
    assert cut not in said_of_curves(frame, logarithmic=False)
    assert cut not in said_of_curves(frame[frame.seed < 2], logarithmic=True)
