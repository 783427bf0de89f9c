"""`overgan figures`: what it writes, and what it says of figures that a study does not give."""

import json
import shutil

import pytest

import overgan
from overgan import figures
from overgan.cli import main
from overgan.errors import OverganError

pytestmark = pytest.mark.usefixtures("empty_files")


def run(monkeypatch, capfd, *words):
    """The exit code, what is printed, and what is said of mistakes."""
    monkeypatch.setattr("sys.argv", ["overgan", "figures", *map(str, words)])
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code
    said = capfd.readouterr()
    return code or 0, said.out, said.err


def test_all_figures_that_a_study_gives_are_written(make_gan, monkeypatch, capfd):
    study = make_gan(samples=False)
    code, out, _ = run(monkeypatch, capfd, study.folder)
    assert code == 0
    assert {path.name for path in (study.folder / "figures").iterdir()} == {
        f"fig{number}.{kind}" for number in (3, 4, 5) for kind in ("pdf", "svg", "png", "txt")
    }
    lines = " ".join(out.split())
    assert "no Fig. 1: training left no samples, which stand in its middle" in lines
    assert "no Fig. 2 and 9: a study of the kind shallow is needed, and this one is of the kind gan" in lines
    assert f"no Fig. 6: no run has an NND; `overgan evaluate --study {study.folder} --metrics nnd` measures it" in lines
    assert "no Fig. 7: one network's width must be held" in lines
    assert "no Fig. 10: there are no pictures of nearest training images" in lines
    assert "fig4.pdf, .svg, .png, .txt" in lines


def test_some_figures_in_some_formats_into_another_folder(make_gan, tmp_path, monkeypatch, capfd):
    study, out = make_gan(), tmp_path / "not" / "there"
    code, *_ = run(monkeypatch, capfd, study.folder, "--only", "4,fig5", "--formats", "svg", "--out", out)
    assert code == 0
    assert sorted(path.name for path in out.iterdir()) == ["fig4.svg", "fig4.txt", "fig5.svg", "fig5.txt"]
    assert not (study.folder / "figures").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--only", "8"], "--only: Fig. 8 draws the architectures"),
        (["--only", "11"], "--only: no figure 11; there are 1, 2, 3, 4, 5, 6, 7, 9, 10"),
        (["--only", "4a"], "--only: no Fig. 4a of this study, whose Fig. 4 is fig4"),
        (["--only", ""], "--only: no figure ; there are 1, 2"),
        (["--only", "4,6"], "no Fig. 6: no run has an NND"),
        (["--formats", "jpg"], "--formats: no format jpg; did you mean png"),
        (["--features", "classifier", "--only", "4"], "no Fig. 4: no run has a distance in classifier features"),
        (["--features", "inseption", "--only", "4"], "no Fig. 4: no features inseption; did you mean inception?"),
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(make_gan, monkeypatch, capfd, words, message):
    study = make_gan()
    code, _, err = run(monkeypatch, capfd, study.folder, *words)
    assert code == 2
    assert message in " ".join(err.split())
    assert "Traceback" not in err
    assert not (study.folder / "figures").exists()


def test_a_folder_without_a_study_is_one_line(tmp_path, monkeypatch, capfd):
    code, _, err = run(monkeypatch, capfd, tmp_path)
    assert code == 2
    assert "is missing; is" in err


def test_a_folder_that_cannot_be_written_is_one_line(make_gan, tmp_path, monkeypatch, capfd):
    study = make_gan()
    (tmp_path / "file").write_text("")
    code, _, err = run(monkeypatch, capfd, study.folder, "--only", "3", "--out", tmp_path / "file")
    assert code == 2
    assert "cannot be" in err


@pytest.mark.parametrize(
    ("draw", "study", "message"),
    [
        (figures.fig2, {}, "no Fig. 2: a study of the kind shallow is needed"),
        (figures.fig3, {"model": {"name": "dcgan"}, "data": {"name": "mnist"}}, "no Fig. 3: its network is an mlp"),
        (figures.fig4, {"unfinished": {4, 8, 32, 128}}, "no Fig. 4: no width is finished yet; go on with the study"),
        (
            figures.fig4,
            {"diverged": {(k, s) for k in (4, 8, 32, 128) for s in range(3)}},
            "no Fig. 4: all runs diverged",
        ),
        (figures.fig4, {"model": {"name": "mlp", "critic_width": 8}}, "no Fig. 4: both networks' widths must vary"),
        (figures.fig5, {"iterations": ()}, "no Fig. 5: no run has been evaluated in pixels features yet"),
        (figures.fig6, {}, "no Fig. 6: no run has an NND"),
        (figures.fig7, {}, "no Fig. 7: one network's width must be held"),
        (figures.fig1, {"samples": False}, "no Fig. 1: training left no samples"),
        (figures.fig10, {"neighbours": False}, "no Fig. 10: there are no pictures"),
        (figures.fig10, {"neighbours": True, "unfinished": {4, 8, 32, 128}}, "no Fig. 10: no width is finished yet"),
        (figures.fig6, {"nnd": True, "unfinished": {4, 8, 32, 128}}, "no Fig. 6: no width is finished yet"),
    ],
)
def test_a_figure_that_cannot_be_drawn_says_what_is_missing(make_gan, draw, study, message):
    with pytest.raises(OverganError, match=message):
        draw(make_gan(**study))


def test_where_no_distance_is_a_number_no_figure_has_another_space_to_name(make_gan):
    study = make_gan()
    for path in study.folder.glob("k*/evaluations.jsonl"):
        rows = [json.loads(line) | {"frechet_test": None} for line in path.read_text().splitlines()]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(OverganError, match=r"no Fig\. 3: no run has a distance in pixels features that is a number$"):
        figures.fig3(study)


def test_figures_of_shallow_gans_are_of_one_target_each(make_shallow):
    study = make_shallow("two_moons")
    with pytest.raises(
        OverganError, match=r"no Fig\. 2: it is of a Gaussian's mean, and this study is of the mean of Two-"
    ):
        figures.fig2(study)
    with pytest.raises(OverganError, match=r"no Fig\. 4: a study of the kind gan is needed"):
        figures.fig4(study)
    assert list(figures.write_figures(study.folder, formats=["png"]).paths) == ["fig9"]


def test_the_preset_of_figs_1_and_10_gives_both(make_gan):
    study = make_gan(figures=[1, "4a", 10], neighbours=True)
    assert list(figures.write_figures(study.folder, formats=["png"]).paths) == [
        "fig1",
        "fig3",
        "fig4a",
        "fig5",
        "fig10",
    ]


def test_of_several_studies_each_has_figures_of_its_own(make_gan, tmp_path):
    study = make_gan(model={"name": "mlp", "critic_width": 16})
    spec = study.spec.model_dump(mode="json")
    spec["model"] |= {"critic_width": None, "critic_widths": [16]}
    shutil.copytree(study.folder, tmp_path / "all/critic-16")
    (tmp_path / "all/surface.json").write_text(json.dumps({"spec": spec}))
    with pytest.raises(OverganError, match=r"holds several studies; name one of them: .*critic-16"):
        figures.write_figures(tmp_path / "all")
    with pytest.raises(OverganError, match=r"no Fig\. 7: this is several studies"):
        figures.fig7(overgan.study.Surface(tmp_path / "all"))
    assert list(figures.write_figures(tmp_path / "all/critic-16", formats=["png"]).paths) == ["fig5", "fig7b"]


def test_a_study_that_gives_none_says_why(make_shallow):
    study = make_shallow(unfinished={2, 5, 10})
    with pytest.raises(OverganError, match=r"gives none of the paper's figures: .*no Fig. 2: no run is finished yet"):
        figures.write_figures(study.folder)


def test_a_study_may_be_its_folder(make_gan):
    study = make_gan()
    assert figures.fig3(str(study.folder)).caption == figures.fig3(study).caption == figures.fig3(study.folder).caption
    assert overgan.figures is figures


def test_features_are_chosen(make_gan):
    study = make_gan(features=["pixels", "random"])
    assert figures.fig3(study).figure.axes[0].get_ylabel() == "Fréchet distance, pixels"
    for draw in (figures.fig1, figures.fig3, figures.fig4, figures.fig5):
        assert draw(study, "random").figure.axes[0].get_ylabel() == "Fréchet distance, random-0"
