"""Several widths of both networks: a spec of several studies, run in turn, each in a folder of its own."""

import json
import shutil

import pytest
from typer.testing import CliRunner

import overgan
from overgan.cli import app, main
from overgan.disk import read_json, write_json
from overgan.errors import OverganError
from overgan.study import Surface, load_spec, read_surface, study_seconds
from tests.conftest import SMALL

SPEC = SMALL
for key, value in {
    "depth: 2}": "depth: 2, critic_widths: [8, 2]}",
    "widths: [2, 4, 8]": "widths: [2, 4]",
    "iterations: 60": "iterations: 4",
    "samples: 100": "samples: 100, draws: 0",
}.items():
    assert key in SPEC
    SPEC = SPEC.replace(key, value)
IN_PROCESS = "tests.extension.executor:InProcess"


@pytest.fixture(scope="module")
def made(once):
    """A folder with the spec, both.yaml, and its surface, both: 2 × 2 pairs."""

    def fill(folder):
        (folder / "both.yaml").write_text(SPEC)
        overgan.run(folder / "both.yaml", folder / "both", executor=IN_PROCESS, workers=1, threads=1)

    return once("surface", fill)


@pytest.fixture
def surface(made, tmp_path):
    return shutil.copytree(made, tmp_path / "made") / "both"


def call(*words):
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


def refused(monkeypatch, capfd, *words):
    """The one line on standard error of a command that is refused."""
    monkeypatch.setattr("sys.argv", ["overgan", *map(str, words)])
    with pytest.raises(SystemExit, match="2"):
        main()
    error = capfd.readouterr().err
    assert error.count("\n") == 1
    return error


def test_a_spec_of_several_has_a_study_for_each(tmp_path):
    (tmp_path / "both.yaml").write_text(SPEC)
    spec = load_spec(tmp_path / "both.yaml")
    assert spec.model.critic_widths == [2, 8]
    assert list(spec.parts) == ["critic-2", "critic-8"]
    for name, part in spec.parts.items():
        assert part.spec == load_spec(tmp_path / "both.yaml", part.overrides)
        assert part.spec.model.critic_width == int(name.removeprefix("critic-"))
        assert not part.spec.parts
    assert spec.of_a_width == "2 seeds × 2 critic widths"
    assert spec.runs_a_width == 4


def test_the_generators_widths_can_be_held_too():
    spec = load_spec("quickstart", ["model.generator_widths=[4,16]"])
    assert [part.spec.model.generator_width for part in spec.parts.values()] == [4, 16]


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.critic_width=4", "critic_width and critic_widths are both given"),
        ("model.generator_widths=[4]", "generator_widths and critic_widths are both given"),
        ("model.critic_widths=[4,4]", "same value twice"),
        ("model.critic_widths=[0]", "greater than or equal to 1"),
        ("model.critic_widths=[]", "at least 1"),
    ],
)
def test_a_spec_that_makes_no_sense_is_refused(tmp_path, override, message):
    (tmp_path / "both.yaml").write_text(SPEC)
    with pytest.raises(OverganError, match=message):
        load_spec(tmp_path / "both.yaml", [override])


def test_each_study_is_an_ordinary_one(surface):
    for critic in (2, 8):
        study = overgan.load(surface / f"critic-{critic}")
        assert study.spec.model.critic_width == critic
        assert all(group.complete for group in study.status())
        assert set(study.final().k) == {2, 4}
        command = study.description.command
        assert command.endswith(f"--set model.critic_widths=null --set model.critic_width={critic}")


def test_a_run_gives_all_of_them(surface):
    found = overgan.run(surface.parent / "both.yaml", surface, executor=IN_PROCESS, workers=1, threads=1)
    assert isinstance(found, Surface)
    assert found.held == "critic"
    assert set(found.frame().critic_width) == {2, 8}
    assert len(found.status()) == 4
    pairs = found.pairs()
    assert {(pair.generator, pair.critic) for pair in pairs} == {(g, c) for g in (2, 4) for c in (2, 8)}
    frame = found.studies[8].final()
    of = next(pair for pair in pairs if (pair.generator, pair.critic) == (4, 8))
    assert sorted(of.values) == sorted(frame[frame.k == 4].frechet_test)
    assert found.cost == "seconds an iteration of a run"
    group = found.studies[8].group_status(4)
    assert of.cost == group.seconds / 2 / 4  # 2 runs, 4 iterations
    for ask in (found.recommend, found.sample, found.generator, found.evaluate, found.write_samples):
        with pytest.raises(OverganError, match="holds several studies; take one of them"):
            ask()


def test_cost_is_parameters_where_machines_differ(surface):
    path = surface / "critic-2" / "study.json"
    content = {key: value for key, value in read_json(path).items() if key != "checksum"}
    content["machine"]["processor"] = "another"
    path.write_text(json.dumps(content))
    found = Surface(surface)
    assert found.cost == "parameters of both networks"
    parameters = found.studies[8].description.parameters[4]
    of = next(pair for pair in found.pairs() if (pair.generator, pair.critic) == (4, 8))
    assert of.cost == sum(parameters.values())


def test_it_goes_on_where_it_was(surface):
    """A study that is not begun, and a width that is gone, are made again to the same rows; the others stay."""
    before = overgan.load(surface / "critic-2").frame()
    rows = overgan.load(surface / "critic-8").frame()
    untouched = (surface / "critic-2" / "k0002" / "checkpoint.json").stat().st_mtime_ns
    shutil.rmtree(surface / "critic-2" / "k0004")
    shutil.rmtree(surface / "critic-8")
    found = overgan.run(surface.parent / "both.yaml", surface, executor=IN_PROCESS, workers=1, threads=1)
    assert found.studies[2].frame().equals(before)
    assert found.studies[8].frame().equals(rows)
    assert (surface / "critic-2" / "k0002" / "checkpoint.json").stat().st_mtime_ns == untouched


def test_what_an_older_version_began_with_a_key_without_effect_goes_on(surface):
    for path in (surface / "surface.json", surface / "critic-2" / "study.json"):
        content = read_json(path)
        content["spec"]["model"]["sampling_norm"] = "batch"
        write_json(path, content)
    shutil.rmtree(surface / "critic-8")

    def end_once_it_begins(opening):
        if opening.folder.name == "critic-8":
            raise KeyboardInterrupt

    settings = {"executor": IN_PROCESS, "workers": 1, "threads": 1, "opened": end_once_it_begins}
    with pytest.raises(KeyboardInterrupt):
        overgan.run(surface.parent / "both.yaml", surface, ["model.sampling_norm=batch"], **settings)


def test_more_held_widths_are_welcome_and_fewer_are_refused(surface):
    spec, settings = surface.parent / "both.yaml", {"executor": IN_PROCESS, "workers": 1, "threads": 1}
    with pytest.raises(OverganError, match="holds other studies, too, such as critic-8"):
        overgan.run(spec, surface, ["model.critic_widths=[2]"], **settings)
    found = overgan.run(spec, surface, ["model.critic_widths=[2,4,8]"], **settings)
    assert list(found.studies) == [2, 4, 8]


def test_what_differs_otherwise_is_refused(surface):
    with pytest.raises(OverganError, match=r"critic-2 holds a study with train\.batch=8, now it is 4"):
        overgan.run(surface.parent / "both.yaml", surface, ["train.batch=4"], executor=IN_PROCESS, workers=1)


def test_a_folder_of_something_else_is_refused(surface, tmp_path):
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "notes.txt").write_text("mine")
    for folder in (tmp_path / "else", surface / "critic-2"):
        with pytest.raises(OverganError, match="is not empty and does not hold such studies as critic-2"):
            overgan.run(surface.parent / "both.yaml", folder, executor=IN_PROCESS)
    with pytest.raises(OverganError, match="holds several studies"):
        overgan.load(surface)


@pytest.mark.parametrize("settings", [{"until_sure": True}, {"out": "s3://bucket/both"}])
def test_what_takes_one_study_says_how_to_get_one(surface, settings):
    with pytest.raises(OverganError, match=r"model\.critic_widths=null model\.critic_width=2 makes one"):
        overgan.run(surface.parent / "both.yaml", **{"out": surface, "executor": IN_PROCESS} | settings)


def test_no_plan_and_no_coordinate_check_is_of_several(surface):
    for ask in (overgan.plan, overgan.coordinates):
        with pytest.raises(OverganError, match="is of 2 studies, which are run in turn; take one of them"):
            ask(surface.parent / "both.yaml")


def test_the_time_of_several_is_their_sum(surface, monkeypatch):
    of_one = {2: 3.0, 8: 5.0}
    monkeypatch.setattr("overgan.study._cost.group_seconds", lambda spec, **_: {2: of_one[spec.model.critic_width]})
    assert study_seconds(load_spec(surface.parent / "both.yaml")) == 8.0
    monkeypatch.setattr("overgan.study._cost.group_seconds", lambda *_, **__: None)
    assert study_seconds(load_spec(surface.parent / "both.yaml")) is None


def test_a_folder_of_which_nothing_is_begun_says_so(surface):
    for name in ("critic-2", "critic-8"):
        shutil.rmtree(surface / name)
    with pytest.raises(OverganError, match="none of its studies is begun yet"):
        overgan.write_report(surface)


@pytest.mark.parametrize("place", ["figures", "critic-2", "critic-8/k0002"])
def test_a_link_of_a_strangers_is_neither_followed_nor_written_through(surface, tmp_path, place):
    outside = tmp_path / "outside"
    outside.mkdir()
    shutil.rmtree(surface / place, ignore_errors=True)
    (surface / place).symlink_to(outside)
    for read in (overgan.write_report, Surface, read_surface):
        with pytest.raises(OverganError, match=f"{place} is a link that leads out"):
            read(surface)
    assert not any(outside.iterdir())


def test_a_kind_that_a_strangers_marker_names_is_not_imported(surface, monkeypatch):
    content = json.loads((surface / "surface.json").read_text())
    content["spec"]["kind"] = "strangers_kind:KIND"
    (surface / "surface.json").write_text(json.dumps({"spec": content["spec"]}))
    (surface / "strangers_kind.py").write_text("raise RuntimeError('it was run')\n")
    monkeypatch.chdir(surface)
    monkeypatch.syspath_prepend(surface)
    with pytest.raises(OverganError, match="trust"):
        overgan.write_report(surface)


def test_a_damaged_marker_is_refused_in_one_line(surface):
    content = (surface / "surface.json").read_text()
    (surface / "surface.json").write_text(content.replace('"depth": 2', '"depth": 3'))
    with pytest.raises(OverganError, match=r"surface\.json"):
        overgan.load(surface)
    (surface / "surface.json").write_text(json.dumps({"spec": load_spec("quickstart").model_dump(mode="json")}))
    with pytest.raises(OverganError, match="is not of several studies"):
        read_surface(surface)


def test_the_page_has_the_surface_and_the_comparison(surface, undrawn):
    page = overgan.write_report(surface).read_text()
    assert "Both widths" in page
    assert 'id="balance-map"' in page
    assert 'id="balance-cost"' in page
    assert "seconds an iteration of a run" in page
    assert "Balanced widths of both networks are best" in page
    assert 'id="compare-pixels"' in page
    assert "nan" not in page.split("</script>")[0].lower()
    with pytest.raises(OverganError, match="widths"):
        overgan.write_report(surface, [2])


def test_a_page_that_cannot_be_written_is_one_line(surface, undrawn):
    (surface / "report.html").mkdir()
    with pytest.raises(OverganError, match=r"report\.html cannot be written .*make room or free the folder"):
        overgan.write_report(surface)


def test_a_page_of_half_of_it_says_so(surface, undrawn):
    shutil.rmtree(surface / "critic-8")
    for path in (surface / "critic-2" / "k0004").glob("*"):
        path.unlink() if path.is_file() else shutil.rmtree(path)
    page = overgan.write_report(surface).read_text()
    assert "Not finished yet: 1 of 2 studies begun, of which " in page


def test_commands_of_one_study_name_them(surface, monkeypatch, capfd):
    for words in (["recommend", surface], ["sample", surface], ["compare", surface, surface / "critic-2"]):
        error = refused(monkeypatch, capfd, *words)
        assert f"holds several studies; name one of them: {surface}/critic-2 and {surface}/critic-8" in error


def test_status_lists_them(surface):
    shutil.rmtree(surface / "critic-8")
    output = call("status", surface).output
    assert "4 of 4" in output
    assert "0 of 4" in output
    assert "waiting" in output
    found = json.loads(call("status", surface, "--json").output)
    assert [(of["finished"], of["runs"], of["state"]) for of in found["studies"]] == [
        (4, 4, "finished"),
        (0, 4, "waiting"),
    ]


def test_run_says_what_it_found_and_where(surface, undrawn):
    spec = surface.parent / "both.yaml"
    output = call("run", spec, "--out", surface, "--workers", "1", "--threads", "1").output
    assert "2 widths (k = 2, 4) × 2 seeds × 2 critic widths" in " ".join(output.split())
    assert f"report: {surface / 'report.html'}" in output.replace("\n", "")
    assert output.count(str(surface / "report.html")) == 3  # once as each study begins
    assert "Balanced widths of both networks are best: cannot tell." in " ".join(output.split())
    assert "Traceback" not in output


def test_a_seed_more_is_added_to_all(surface):
    settings = {"executor": IN_PROCESS, "workers": 1, "threads": 1}
    found = overgan.run(surface.parent / "both.yaml", surface, ["seeds=[0,1,2]"], **settings)
    assert {len(pair.values) for pair in found.pairs()} == {3}


def test_claims_of_a_surface_are_those_of_both_widths(surface):
    printed = call("claims", surface).stdout
    assert "Balanced widths of both networks are best. (balance)" in " ".join(printed.split())
    (claim,) = json.loads(call("claims", surface, "--json").stdout)["claims"]
    assert claim["name"] == "balance"
    assert claim["verdict"] == overgan.study.Surface(surface).claims()[0].verdict
