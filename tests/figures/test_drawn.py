"""What is drawn is what the rows of a study say."""

import numpy as np
import pytest
from PIL import Image

from overgan import figures
from tests.figures.conftest import SEEDS, SHOWN, SIZE, TIMES, WIDTHS, color
from tests.racing import write_study

STYLES = {"training images": "frechet_train", "held-out images": "frechet_test"}


def curves(axes):
    """By label: the points, and the lower and upper end of the band at each x."""
    found = {}
    lines = [line for line in axes.lines if not line.get_label().startswith("k of the")]
    for line, band in zip(lines, axes.collections, strict=True):
        x, y = line.get_data()
        outline = band.get_paths()[0].vertices
        ends = [[outline[np.isclose(outline[:, 0], at), 1] for at in x]]
        low, high = ([getattr(of, side)() for of in ends[0]] for side in ("min", "max"))
        found[line.get_label()] = tuple(map(np.asarray, (x, y, low, high)))
    return found


def check_deviation(curve, of_seeds):
    """The curve is the mean of the values by x, and its band one standard deviation (n − 1)."""
    x, y, low, high = curve
    mean, deviation = of_seeds.mean(), of_seeds.std(ddof=1).fillna(0)
    np.testing.assert_array_equal(x, mean.index)
    np.testing.assert_allclose(y, mean)
    np.testing.assert_allclose(low, mean - deviation)
    np.testing.assert_allclose(high, mean + deviation)


@pytest.mark.parametrize(("draw", "place"), [(figures.fig1, 0), (figures.fig3, 0), (figures.fig4, 0)])
def test_distances_against_width_are_means_and_deviations_over_seeds(make_gan, draw, place):
    study = make_gan(diverged={(8, 0)})
    frame = study.frame()
    last = frame[frame.iteration == 20]
    found = curves(draw(study).figure.axes[place])
    assert set(found) == set(STYLES)
    for name, column in STYLES.items():
        check_deviation(found[name], last.groupby("k")[column])


@pytest.mark.parametrize(
    ("held", "name", "varied"), [("generator", "fig7a", "critic"), ("critic", "fig7b", "generator")]
)
def test_fig_7_marks_the_width_at_which_the_other_network_is_held(make_gan, held, name, varied):
    study = make_gan(model={"name": "mlp", f"{held}_width": 16})
    drawn = figures.fig7(study)
    (axes,) = drawn.figure.axes
    frame = study.frame()
    check_deviation(curves(axes)["held-out images"], frame[frame.iteration == 20].groupby("k").frechet_test)
    (mark,) = [line for line in axes.lines if line.get_label() == f"k of the {held}: 16"]
    assert list(mark.get_xdata()) == [16, 16]
    assert axes.get_xlabel() == f"width k of the {varied}"
    assert drawn.name == name


@pytest.mark.parametrize(("draw", "place"), [(figures.fig1, -1), (figures.fig5, 0)])
def test_distances_over_the_iterations_have_a_curve_for_each_width(make_gan, draw, place):
    study = make_gan(diverged={(8, 0)}, unfinished={128} if draw is figures.fig5 else set())
    frame = study.frame()
    drawn = [axes for axes in draw(study).figure.axes if axes.get_xlabel() == "iteration"]
    found = curves(drawn[place])
    assert list(found) == [f"k = {k}" for k in WIDTHS]
    for k in WIDTHS:
        check_deviation(found[f"k = {k}"], frame[frame.k == k].groupby("iteration").frechet_test)


def test_of_many_widths_some_have_a_curve(make_gan):
    widths = list(range(1, 13))
    drawn = figures.fig5(make_gan(widths=widths, samples=False))
    names = list(curves(drawn.figure.axes[0]))
    assert len(names) == 8
    assert (names[0], names[-1]) == ("k = 1", "k = 12")
    assert "Curves of 8 of 12 widths" in drawn.caption


@pytest.mark.parametrize("memorized", [True, False])
def test_fig_6_has_nnd_against_width_and_the_line_of_memorized_images(make_gan, memorized):
    study = make_gan(nnd=True, memorized=memorized)
    drawn = figures.fig6(study)
    found = curves(drawn.figure.axes[0])
    frame = study.frame()
    check_deviation(found["generated images"], frame[frame.features == "critic"].groupby("k").nnd)
    if memorized:
        x, y, *_ = found["memorized training images"]
        assert (list(x), list(y)) == (WIDTHS, [0.5] * len(WIDTHS))
    assert ("memorized training images" in found) == memorized
    assert ("was not measured" in drawn.caption) != memorized


@pytest.mark.parametrize(("target", "draw"), [("gaussian", figures.fig2), ("two_moons", figures.fig9)])
@pytest.mark.parametrize("methods", [("GDA",), ("GDA", "best"), ("GDA", "best", "third", "fourth")])
def test_the_shallow_gans_error_has_a_panel_for_each_method(make_shallow, target, draw, methods):
    study = make_shallow(target, methods)
    frame = study.frame()
    panels = [axes for axes in draw(study).figure.axes if axes.get_title()]
    assert len(panels) == len(methods)
    for axes, method in zip(panels, methods, strict=True):
        ((name, (x, y, low, high)),) = curves(axes).items()
        of_seeds = frame[frame.method == method].groupby("k").mse
        assert name == method
        for values, statistic in ((y, "mean"), (low, "min"), (high, "max")):
            np.testing.assert_allclose(values, getattr(of_seeds, statistic)())
        assert list(x) == [2, 5, 10]


def test_runs_of_the_shallow_gan_that_diverged_are_in_no_mean(make_shallow):
    study = make_shallow(diverged=[(5, 0)])
    frame = study.frame()
    assert frame.mse.max() > 1e99
    panel = next(axes for axes in figures.fig2(study).figure.axes if axes.get_title())
    ((_, (_, y, *_)),) = curves(panel).items()
    np.testing.assert_allclose(y, frame[~frame.diverged & (frame.method == "GDA")].groupby("k").mse.mean())


def pictures(drawn):
    return {axes.get_title(): np.asarray(axes.images[0].get_array()) for axes in drawn.figure.axes if axes.images}


@pytest.mark.parametrize("draw", [figures.fig1, figures.fig4])
def test_samples_are_the_newest_images_of_each_seed(make_gan, draw):
    found = pictures(draw(make_gan()))
    assert list(found) == ["k = 8", "k = 128"]
    order = [(seed, column) for seed in SEEDS for column in range(9)]  # 25 images of 3 seeds: 9, 9 and 7
    step = TIMES * SIZE + 4  # an image, and the line beside it
    for width in (8, 128):
        picture = found[f"k = {width}"]
        assert picture.shape == (SHOWN * step - 4, SHOWN * step - 4, 3)
        for place in range(SHOWN**2):
            top, left = (step * at for at in divmod(place, SHOWN))
            tile = picture[top : top + TIMES * SIZE, left : left + TIMES * SIZE]
            assert (tile == color(width, *order[place])).all()
        assert (picture[:, TIMES * SIZE : step] == 255).all()


@pytest.mark.parametrize(
    ("widths", "shown"),
    [
        ([4, 8, 64, 128, 256], [8, 128]),
        ([4, 16, 128, 256], [4, 256]),
        ([2, 4, 8], [2, 8]),
        ([128, 256], [128, 256]),
        ([16], [16]),
    ],
)
def test_samples_are_of_the_papers_widths_where_they_are_trained(make_gan, widths, shown):
    study = make_gan(widths=widths, neighbours=True)
    assert list(pictures(figures.fig4(study))) == [f"k = {k}" for k in shown]
    assert [name.partition(":")[0] for name in pictures(figures.fig10(study))] == [f"k = {k}" for k in shown]


def test_of_one_seed_there_are_fewer_samples_and_no_spread(make_gan):
    drawn = figures.fig4(make_gan(seeds=[7]))
    side = 3 * (TIMES * SIZE + 4) - 4  # of ten images nine
    assert pictures(drawn)["k = 8"].shape == (side, side, 3)
    for _, y, low, high in curves(drawn.figure.axes[0]).values():
        np.testing.assert_array_equal(low, y)
        np.testing.assert_array_equal(high, y)
    assert "One seed a width, so there is no spread." in drawn.caption


@pytest.mark.parametrize(("seeds", "shown"), [(3, 3), (10, 9), (26, 25)])  # 9, 3 and 1 images of each fill 25
def test_the_caption_counts_the_seeds_that_the_samples_are_of(make_gan, seeds, shown):
    drawn = figures.fig4(make_gan(seeds=list(range(seeds)), widths=[4]))
    assert f"Samples: k = 4 (iteration 20), {shown} seeds, not selected." in drawn.caption


def test_samples_of_another_size_are_left_out(make_gan):
    study = make_gan()
    for path in study.folder.glob("k*/samples/*.png"):
        Image.new("RGB", (30, 30)).save(path)
    drawn = figures.fig4(study)
    assert not pictures(drawn)
    assert "Training left no samples to show." in drawn.caption


def test_neighbours_are_those_of_the_first_seed_that_has_some(make_gan):
    study = make_gan(neighbours=True, diverged={(8, 0)})
    narrow, wide = pictures(figures.fig10(study)).values()
    assert (narrow == 10 * 1 + 8).all()
    assert (wide == 128).all()


def test_a_distance_that_is_no_number_is_left_out(make_gan):
    study = make_gan()
    path = study.group(8) / "evaluations.jsonl"
    lines = path.read_text().splitlines()
    lines[-1] = lines[-1].replace('"frechet_test": ', '"frechet_test": null, "was": ')
    path.write_text("\n".join(lines) + "\n")
    frame = study.frame()
    last = frame[(frame.iteration == 20) & frame.frechet_test.notna()]
    check_deviation(curves(figures.fig4(study).figure.axes[0])["held-out images"], last.groupby("k").frechet_test)
    assert "mean over 2 to 3 seeds a width" in figures.fig4(study).caption


def test_distances_that_span_much_have_a_logarithmic_axis_and_others_a_linear_one(make_gan, tmp_path):
    wide = make_gan()  # by 100/k from 4 to 128
    assert figures.fig4(wide).figure.axes[0].get_yscale() == "log"
    assert "logarithmic" in figures.fig4(wide).caption
    one = figures.fig4(wide.narrowed([8]))
    assert one.figure.axes[0].get_yscale() == "linear"
    assert "logarithmic" not in one.caption
    assert "One width is drawn, so there is no curve." in one.caption
    assert "1 of 4 widths: k = 8" in one.caption


def test_of_several_learning_rates_each_widths_best_is_drawn(tmp_path):
    study = write_study(tmp_path, {4: [2.0, 4.0, 6.0], 8: [1.0, 2.0, 3.0]}, learning_rates=[1e-3, 2e-3])
    path = study.group(8) / "evaluations.jsonl"
    worse = path.read_text().replace("0.001", "0.002").replace('"frechet_train": ', '"frechet_train": 1')
    path.write_text(path.read_text() + worse)
    drawn = figures.fig3(study)
    assert list(curves(drawn.figure.axes[0])["held-out images"][1]) == [4.0, 2.0]
    assert "each width at the best of several learning rates, chosen on training images" in drawn.caption
