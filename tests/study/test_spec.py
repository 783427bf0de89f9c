import re
import shlex
from pathlib import Path

import pytest

import overgan
from overgan.errors import OverganError
from overgan.metrics import METRICS
from overgan.study import KINDS, Spec, load_spec, preset_names, spec_yaml, study_folder
from overgan.study._store import refuse_another_spec


@pytest.mark.parametrize("name", preset_names())
def test_presets_are_valid_and_named_after_their_file(name):
    spec = load_spec(name)
    assert spec.name == name
    if name.removesuffix("-generator").removesuffix("-critic").endswith("-short"):  # on real images, for two cores
        assert len(spec.widths) >= 3
        assert len(spec.seeds) >= 3
        return
    several = spec.kind in ("prediction", "certificate") or spec.runs_a_seed > 1
    few = several  # GANs of a seed, and a power law beside a width to find
    assert len(spec.widths) >= (4 if few else 6)
    assert len(spec.seeds) >= (3 if few else 5)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("train.generator_batch=null", "train.generator_batch=16"),
        ("widths=[2,4,16]", "widths=[2,4,8]"),
        ("train.schedule=linear", "train.schedule=constant"),
        ("fewer_seeds={8: 2}", "fewer_seeds={8: 1}"),
    ],
)
def test_the_change_that_a_refusal_names_can_be_pasted(small_spec, old, new):
    old, new = (load_spec(small_spec, ["seeds=[0,1,2]", change]) for change in (old, new))
    with pytest.raises(OverganError, match="or set ") as error:
        refuse_another_spec(Path("study"), old, new)
    (change,) = shlex.split(str(error.value).partition("or set ")[2])
    assert load_spec(small_spec, ["seeds=[0,1,2]", change]) == old


FIGURES = {  # of the paper; narrowest and widest
    "dcgan-cifar10": ([1, "4a", "5a", "6a", 10], (4, 128)),
    "dcgan-celeba": (["4b", "5b"], (4, 128)),
    "dcgan-cifar10-generator": ([7], (4, 128)),
    "dcgan-cifar10-critic": ([7], (4, 128)),
    "resnet-cifar10": (["4d", "6b"], (8, 256)),
    "resnet-celeba": (["4e"], (8, 256)),
    "resnet-cifar10-generator": ([7], (8, 256)),
    "resnet-cifar10-critic": ([7], (8, 256)),
}


@pytest.mark.parametrize("name", FIGURES)
def test_the_papers_convolutional_studies_are_at_full_scale(name):
    spec = load_spec(name)
    figures, ends = FIGURES[name]
    assert spec.figures == figures
    assert (spec.widths[0], spec.widths[-1]) == ends
    assert (spec.train.iterations, spec.train.batch, spec.seeds) == (300_000, 64, [0, 1, 2, 3, 4])
    assert (spec.train.gradient_penalty, spec.train.critic_steps, spec.scale) == (10, 5, 1)
    # the paper's Adam for DCGAN; the reference code's for the ResNet, with its settings at 32 pixels
    dcgan, celeba = name.startswith("dcgan"), "celeba" in name
    assert spec.train.betas == ((0.5, 0.999) if dcgan else (0.0, 0.9))
    assert spec.train.learning_rate == (1e-4 if dcgan or celeba else 2e-4)
    assert spec.train.schedule == ("constant" if dcgan or celeba else "linear")
    assert (spec.train.generator_batch or spec.train.batch) == 64  # the paper's
    # as in the reference code: gan_cifar_resnet.py alone dithers, and no generator has running statistics
    assert spec.data.dither == (not dcgan and not celeba)
    assert spec.model.sampling_norm == "batch"
    held, standard = (spec.model.generator_width, spec.model.critic_width), 64 if dcgan else 128
    assert held == {"generator": (None, standard), "critic": (standard, None)}.get(name.split("-")[-1], (None, None))


@pytest.mark.parametrize("name", [name for name in preset_names() if "-short" in name])
def test_short_studies_are_the_papers_but_for_what_they_say(name):
    """Shorter, in other features, and of the MLP at other learning rates; Fig. 7 holds a narrower network."""
    short, whole = (load_spec(of) for of in (name, name.replace("-short", "")))
    assert (short.figures, short.data) == (whole.figures, whole.data)
    assert {*short.widths} <= {*whole.widths}
    of_both = {"generator_width", "critic_width"}
    assert short.model.model_dump(exclude=of_both) == whole.model.model_dump(exclude=of_both)
    assert [of is None for of in (short.model.generator_width, short.model.critic_width)] == [
        of is None for of in (whole.model.generator_width, whole.model.critic_width)
    ]
    others = {"iterations", "log_every", "evaluate_every", "learning_rate", "learning_rates", "schedule"}
    assert short.train.model_dump(exclude=others) == whole.train.model_dump(exclude=others)
    assert short.model.name == "mlp" or short.train.learning_rate == whole.train.learning_rate
    assert short.train.iterations <= 3000
    assert "inception" not in short.evaluate.features


def test_a_spec_of_before_stands_for_what_was_done_then():
    values = load_spec("quickstart").model_dump(mode="json")
    del values["data"]["dither"], values["data"]["size"], values["data"]["mode"], values["model"]["sampling_norm"]
    old = load_spec(values)
    assert (old.data.dither, old.model.sampling_norm) == (False, "running")


def test_a_loss_is_named_and_brings_its_own_defaults_which_are_shown():
    spec = load_spec("quickstart", ["train.loss=relativistic"])
    assert KINDS["gan"].subject(spec) == "mlp with the relativistic loss on digits"
    assert KINDS["gan"].subject(load_spec("quickstart")) == "mlp on digits"
    lines = [line.split("#")[0].strip() for line in spec_yaml(spec).splitlines()]
    assert {"critic_steps: 1", "gradient_penalty: 0.5"} <= set(lines)
    assert load_spec(spec, ["train.loss=hinge"]).train.gradient_penalty == 0.5  # a whole spec has said what it wants


def test_the_papers_mlp_study_is_at_full_scale():
    spec = load_spec("mlp-mnist")
    assert spec.figures == [3]
    assert max(spec.widths) == 2048
    assert spec.train.iterations == 300_000
    assert (spec.train.gradient_penalty, spec.train.critic_steps) == (10, 5)
    assert spec.scale == 1


def test_overrides_and_scale():
    spec = load_spec("quickstart", ["widths=[8,2]", "train.learning_rate=1e-3"], scale=0.1)
    assert spec.train.iterations == 100
    assert spec.train.evaluate_every == 10
    assert spec.evaluate.samples == 1000
    assert spec.widths == [2, 8]
    assert spec.train.learning_rate == 1e-3
    assert spec.scale == 0.1
    tiny = load_spec("quickstart", scale=1e-9)
    assert (tiny.train.iterations, tiny.train.evaluate_every, tiny.evaluate.samples) == (1, 1, 2)


def test_scale_leaves_what_is_set_explicitly():
    """With the iterations their spacing, too; a section that is set leaves its other keys to be multiplied."""
    changes = ["train.iterations=5_000", "evaluate.samples=300", "evaluate.nnd={iterations: 70}"]
    spec = load_spec("quickstart", changes, scale=0.01)
    assert (spec.train.iterations, spec.train.evaluate_every, spec.train.log_every) == (5000, 100, 50)
    assert (spec.evaluate.samples, spec.evaluate.nnd.iterations, spec.evaluate.nnd.evaluation_batches) == (300, 70, 100)
    spec = load_spec("quickstart", ["train.evaluate_every=7"], scale=0.1)
    assert (spec.train.iterations, spec.train.evaluate_every, spec.train.log_every) == (100, 7, 5)
    spec = load_spec("shallow-gaussian", ["steps=4000"], scale=0.01)
    assert (spec.steps, spec.problem.n, spec.scale) == (4000, 10, 0.01)
    spec = load_spec("prediction", ["gans.shallow.n=9"], scale=0.1)
    assert [gan.n for gan in spec.gans.values()] == [9, 5, 5]


@pytest.mark.parametrize("metric", list(METRICS))
def test_scale_leaves_every_metric_the_images_that_it_needs(metric):
    spec = load_spec("dcgan-cifar10", [f"evaluate.final_metrics=[{metric}]"], scale=0.0001)
    METRICS[metric].check(["train", "test"], spec.evaluate.samples, (8, 8, 1))
    few = load_spec("quickstart", ["evaluate.samples=5", f"evaluate.final_metrics=[{metric}]"])
    assert load_spec(few, scale=0.1).evaluate.samples <= 5  # what was too little is not mended silently


def test_a_file_of_ones_own(small_spec):
    spec = load_spec(small_spec)
    assert isinstance(spec, Spec)
    assert spec.train.critic_steps == 5  # a default


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("train.itterations=5", r"unknown key train\.itterations; did you mean iterations\?"),
        ("colour=red", r"unknown key colour; known: "),
        ("train.iterations=many", r'train\.iterations: .*integer, but it is "many"'),
        ("train.iterations=1.5", r"train\.iterations: .*but it is 1\.5"),
        ("train.iterations=true", r"train\.iterations: .*but it is true"),
        ("train.iterations=0", r"train\.iterations: .*greater than or equal to 1, but it is 0"),
        ("train.loss=wgan", r"train\.loss: no loss wgan; did you mean wgan-gp\?, but it is \"wgan\"$"),
        ("train.learning_rate=-1", r"train\.learning_rate: .*greater than 0, but it is -1"),
        ("train.learning_rate=.nan", r"train\.learning_rate: "),
        ("train.learning_rate=1e-320", r"train\.learning_rate: must be at least 1e-15.*but it is 1e-320"),
        ("train.batch=1000000000", r"train\.batch: .*less than or equal to 1000000, but it is 1000000000"),
        ("train.generator_batch=1000000000", r"train\.generator_batch: .*less than or equal to 1000000, but it is"),
        ("train.critic_steps=1000000000", r"train\.critic_steps: .*less than or equal to 1000000, but it is"),
        ("model.latent=1000000000", r"model\.latent: .*less than or equal to 1000000, but it is"),
        ("widths=[100000000000000000000]", r"widths\.0: .*less than or equal to 100000000, but it is 1000+"),
        ("train.betas=[0.5]", r"train\.betas"),
        ("train.betas=[0.5,1.0]", r"train\.betas\.1: .*less than 1, but it is 1\.0"),
        ("train.schedule=cosine", r"train\.schedule: .*'constant' or 'linear', but it is \"cosine\""),
        ("widths=[0,4]", r"widths\.0: .*greater than or equal to 1, but it is 0"),
        ("widths=[4,4]", r"widths: .*\[4, 4\] has the same value twice"),
        ("widths=[]", "widths: .*at least 1 item"),
        ("widths=4", "widths: .*valid array, but it is 4"),
        ("seeds=[-1]", r"seeds\.0: "),
        ("data.name=imagenet", r"data\.name: no data set imagenet; known: .*but it is \"imagenet\""),
        ("data=digits", r"data: .*but it is \"digits\""),
        ("model.depth=0", r"model\.depth: "),
        ("data.size=0", r"data\.size: .*greater than or equal to 1, but it is 0"),
        ("data.mode=gray", r"data\.mode: .*'grey' or 'colour', but it is \"gray\""),
        ("data.dither=0.5", r"data\.dither: .*but it is 0\.5"),
        ("model.sampling_norm=none", r"model\.sampling_norm: .*'running' or 'batch', but it is \"none\""),
        ("model={name: 'a.b:c', sampling_norm: batch}", "sampling_norm=batch is not for a model of your own"),
        ("evaluate.features=[incepton]", r"evaluate\.features: no features incepton; did you mean inception\?"),
        ("evaluate.features=[pixels,pixels]", r"evaluate\.features: names a space twice.*remove one"),
        ("tolerance=-0.5", r"tolerance: .*greater than or equal to 0, but it is -0\.5"),
        ("tolerance=.nan", r"tolerance: .*finite number, but it is NaN"),
        ("tolerance=.inf", r"tolerance: .*finite number, but it is Infinity"),
        ("scale=0.5", r"overrides scale=0\.5: the key scale says what was done"),
        ("train.iterations", r"overrides train\.iterations: write key=value"),
        ("data.root=${nothing}", "cannot be read as YAML"),
        ("train.iterations=[", "cannot be read as YAML"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_it(override, message):
    with pytest.raises(OverganError, match=message) as caught:
        load_spec("quickstart", [override])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name: x\nwidths: [2, 4\nseeds: [0]\n", r"bad\.yaml, line 3, column 6: .*expected ',' or '\]'"),
        ("name: x\ntrain:\n\titerations: 5\n", r"bad\.yaml, line 3, column 1: .*cannot start any token"),
        ("name: x\nname: y\n", r"bad\.yaml, line 2, column 1: .*duplicate key name"),
        ("name: é\nx: \0", r"bad\.yaml, line 2, column 4: .*control characters"),
        ("data: ${x", r"bad\.yaml: cannot be read as YAML"),
        ("[" * 900 + "]" * 900, r"bad\.yaml: .*nested too deep"),
        ("a: " + "{a: " * 900 + "1" + "}" * 900, r"bad\.yaml: .*nested too deep"),
        ("3", r"bad\.yaml: .*keys with values are needed"),
    ],
)
def test_an_error_in_yaml_is_named_with_its_place(content, message, tmp_path):
    (tmp_path / "bad.yaml").write_text(content)
    with pytest.raises(OverganError, match=message) as caught:
        load_spec(tmp_path / "bad.yaml")
    assert "\n" not in str(caught.value)


def test_the_root_of_the_data_is_relative_to_the_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "specs"
    folder.mkdir()
    text = spec_yaml(load_spec("quickstart", ["data.name=folder", "data.root=faces"]))
    (folder / "own.yaml").write_text(text, encoding="utf-8")

    def root(*overrides, source="specs/own.yaml"):
        return load_spec(source, overrides).data.root

    assert root() == str(folder / "faces")  # neither is there: the error will name this one
    (tmp_path / "faces").mkdir()
    assert root() == "faces"  # as before
    (folder / "faces").mkdir()
    assert root() == str(folder / "faces")
    assert root("data={size: 64}") == str(folder / "faces")
    assert root("data.root=other") == "other"
    assert root("data.root=null") is None
    (folder / "own.yaml").write_text(text.replace("root: faces", f"root: {tmp_path}/elsewhere"), encoding="utf-8")
    assert root() == f"{tmp_path}/elsewhere"
    # values from Python are relative to the current folder, wherever the study's spec.yaml goes
    assert root(source=load_spec("quickstart", ["data.root=faces"])) == str(tmp_path / "faces")


def test_what_is_no_spec(tmp_path):
    with pytest.raises(OverganError, match="no preset quickstrat; did you mean quickstart"):
        load_spec("quickstrat")
    with pytest.raises(OverganError, match=r"nowhere\.yaml cannot be read"):
        load_spec(tmp_path / "nowhere.yaml")
    for content in ("- a\n- b\n", "just text", "", "a: [", "name: x\n"):
        (tmp_path / "bad.yaml").write_text(content)
        with pytest.raises(OverganError, match=r"bad\.yaml") as caught:
            load_spec(tmp_path / "bad.yaml")
        assert "\n" not in str(caught.value)
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(OverganError, match=r"binary\.yaml"):
        load_spec(tmp_path / "binary.yaml")


@pytest.mark.parametrize("scale", [0.0, -1.0, 1e300, float("inf"), float("nan")])
def test_a_scale_that_is_none(scale):
    with pytest.raises(
        OverganError, match=f"^scale is {re.escape(str(scale))}; it must be from above 0, .* to 1,000,000$"
    ):
        load_spec("quickstart", scale=scale)


@pytest.mark.parametrize("name", ["/etc/study", "a/b", "..", "../../home", "a\\b", ".", "~/.."])
def test_a_name_that_leads_out_of_runs_is_refused_in_one_line(name, small_spec, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small_spec.write_text(small_spec.read_text().replace("name: small", f"name: '{name}'"))
    before = set(tmp_path.rglob("*"))
    with pytest.raises(OverganError, match=r"^name: .* must hold no slash and no \.\.; change it, or .* with out$"):
        overgan.run(small_spec)
    assert set(tmp_path.rglob("*")) == before
    assert study_folder(load_spec(small_spec), tmp_path / "old") == tmp_path / "old"  # a study of before goes on


@pytest.mark.parametrize(
    "value",
    [
        "${oc.env:SECRET}",
        "${oc.env:SECRET,none}",
        "a ${ oc.env:SECRET } b",
        "${${kind}:SECRET}",
        "${oc.decode:'${oc.env:SECRET}'}",
        "${oc.create:{a:1}}",
        "${oc.select:name}",
    ],
)
@pytest.mark.parametrize("way", ["yaml", "override", "dict", "list"])
def test_resolvers_are_off_and_refused_in_one_line(value, way, small_spec, monkeypatch):
    monkeypatch.setenv("SECRET", "hush")
    source, overrides = small_spec, ()
    if way == "yaml":
        small_spec.write_text(small_spec.read_text().replace("name: small", f'kind: gan\nname: "{value}"'))
    elif way == "list":
        small_spec.write_text(small_spec.read_text() + f'figures: [1, "{value}"]\n')
    elif way == "override":
        overrides = [f'name="{value}"']
    else:
        source = {"name": value, "kind": "gan"}
    with pytest.raises(OverganError, match=r"only references to other keys") as refused:
        load_spec(source, overrides)
    assert "hush" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_plain_references_are_taken(small_spec):
    text = small_spec.read_text().replace("latent: 4", 'latent: "${train.batch}"')
    small_spec.write_text(text.replace("name: small", "name: batch-${train.batch}-${widths[0]}"))
    spec = load_spec(small_spec, ["train.batch=16"])
    assert (spec.name, spec.model.latent) == ("batch-16-2", 16)
