"""One of each is added from outside the package: in one file, named as package.module:name or by a line."""

import pytest
from typer.testing import CliRunner

import overgan
from overgan.cli import app
from overgan.data import DATASETS
from overgan.errors import OverganError
from overgan.metrics import METRICS, SPACES
from overgan.study import EXECUTORS, KINDS, load_spec
from overgan.training import LOSSES
from tests.conftest import SMALL

OWN = "tests.extension"
GAN = [
    f"data.name={OWN}.images:STRIPES",
    f"train.loss={OWN}.loss:LEAST_SQUARES",
    f"evaluate.features=[{OWN}.space:MOMENTS]",
    f"evaluate.final_metrics=[{OWN}.metric:SHIFT]",
    "evaluate.samples=20",
    "train.iterations=20",
    "widths=[2,4]",
]
COIN = {"kind": f"{OWN}.kind:COIN", "name": "coin", "widths": [2, 4], "seeds": [0, 1, 2]}


def run_small(tmp_path, **arguments):
    (tmp_path / "small.yaml").write_text(SMALL)
    return overgan.run(tmp_path / "small.yaml", tmp_path / "study", GAN, **arguments)


def check_gan(study):
    assert {"margin", "critic_loss", "generator_loss"} <= set(study.losses().columns)
    frame = study.frame()
    assert set(frame.features) == {f"{OWN}.space:MOMENTS"}
    assert frame.shift_test[frame.iteration == 20].notna().all()
    assert study.description.data["name"] == "stripes"
    page = overgan.write_report(study.folder, trust=True, figures=False).read_text()
    assert "shift of means, test" in page


@pytest.mark.slow
def test_a_study_of_a_loss_a_metric_a_space_and_images_of_ones_own_by_an_executor_of_ones_own(tmp_path):
    check_gan(run_small(tmp_path, executor=f"{OWN}.executor:InProcess"))


@pytest.mark.slow
def test_the_workers_of_the_local_executor_find_them_too(tmp_path):
    check_gan(run_small(tmp_path, workers=1, threads=1))


def test_a_kind_of_ones_own_has_specs_results_and_a_page(tmp_path):
    study = overgan.run(COIN, tmp_path / "coin", ["tosses=1000"], executor=f"{OWN}.executor:InProcess")
    assert list(study.frame().columns) == ["k", "seed", "heads"]
    assert study.recommend().width == 4
    page = overgan.write_report(study.folder, trust=True).read_text()
    for text in ("<th>heads</th>", "Of what there is, k = 4", "1000 tosses", "0 of 6 runs diverged"):
        assert text in page
    for command, said in (("status", "6 of 6 runs finished, 0 diverged"), ("recommend", "a run on ")):
        assert said in CliRunner().invoke(app, [command, str(study.folder), "--trust"]).output
    again = overgan.load(study.folder, trust=True)
    assert again.frame().equals(study.frame())
    assert load_spec(tmp_path / "coin" / "spec.yaml") == again.spec  # it came from a dict, so the folder has it
    with pytest.raises(OverganError, match="unknown key toses"):
        load_spec(COIN | {"toses": 3})


@pytest.mark.parametrize(
    ("registry", "path"),
    [
        (LOSSES, "loss:LEAST_SQUARES"),
        (METRICS, "metric:SHIFT"),
        (SPACES, "space:MOMENTS"),
        (DATASETS, "images:STRIPES"),
        (KINDS, "kind:COIN"),
        (EXECUTORS, "executor:InProcess"),
    ],
    ids=["loss", "metric", "space", "images", "kind", "executor"],
)
def test_a_line_in_the_registry_gives_it_a_short_name(registry, path, monkeypatch):
    monkeypatch.setitem(registry.entries, "new", f"{OWN}.{path}")
    assert registry.known("new") == "new"
    assert registry["new"] == registry[f"{OWN}.{path}"]
    assert "new" in list(registry)


@pytest.mark.parametrize("registry", [LOSSES, METRICS, DATASETS, KINDS], ids=lambda registry: registry.what)
def test_what_is_not_there_or_of_another_type_is_one_line(registry):
    for name, message in (
        ("nothing", "nothing"),
        (f"{OWN}.nothing:NEW", "cannot be imported"),
        (f"{OWN}.images:np", "a module; a"),
    ):
        with pytest.raises(OverganError, match=message) as caught:
            _ = registry[name]
        assert "\n" not in str(caught.value)
