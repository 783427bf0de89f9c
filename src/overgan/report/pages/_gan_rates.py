"""What a GAN's width study with several learning rates, or rules of them, shows: figures and words.

A width's best rate is chosen on the distance from training images; all that is said is of that from held-out ones.
"""

import math

import pandas as pd

from overgan.errors import OverganError
from overgan.metrics import frechet_label
from overgan.report._map import Cells, Map
from overgan.report._plot import Panel, Plot, Series, against_width, over_seeds
from overgan.study.analysis import Recommendation, Scaling, Transfer, scaling, transfer
from overgan.study.gan import GanStudy
from overgan.training import Rule, Run, read_checkpoint
from overgan.words import counted, joined, number, percent

COLORS = {"constant": "#e8590c", "inverse": "#1f5fbf", "mup": "#2f9e44"}
LAW = "power law"


def rate_figures(study: GanStudy) -> list[Plot | Map]:
    """The map of width × learning rate, the best step against k, and the distance against k by each rule."""
    train, plots = study.spec.train, list[Plot | Map]()
    if not train.several:
        return []
    finished = {rule: rows for rule in train.rules if len(rows := study.tried(rule))}
    if not finished:
        return []
    label = frechet_label(study.spec.evaluate.features[0])
    if len(train.rates) > 1:
        plots.append(_map(study, finished, label))
        plots += _best_steps({rule: _scaling(study, rule) for rule in finished})
    if len(train.rules) > 1:
        curves = [over_seeds(rule, study.final(rule=rule), "k", "frechet_test", COLORS[rule]) for rule in finished]
        title, y_label = f"{label} against width by each rule, held-out images", f"{label}, mean and range over seeds"
        plots.append(against_width("frechet-by-rule", title, y_label, [Panel(curves)], y_log=True))
    return plots


def rate_findings(study: GanStudy) -> list[str]:
    """Whether the distance is level at the widest, how the best step goes with k, what averaging changes."""
    train, sentences = study.spec.train, list[str]()
    for rule in train.rules if train.several else []:
        try:
            found = study.recommend(rule=rule)
        except OverganError as error:
            sentences.append(f"By the rule {rule} nothing can be said: {error}.")
            continue
        if len(train.rules) > 1:
            sentences += _level(study, rule, found)
        if len(train.rates) > 1:
            sentences += [_best_step(study, rule, _scaling(study, rule)), *_predicted(study, rule)]
    return sentences + (_averaging(study) if train.average else [])


def _scaling(study: GanStudy, rule: Rule) -> Scaling:
    rows = study.tried(rule)
    return scaling(rows.assign(value=rows.frechet_train), study.best_rates(rule=rule))


def _map(study: GanStudy, finished: dict[Rule, pd.DataFrame], label: str) -> Map:
    widths, train = study.spec.widths, study.spec.train
    rates = train.rates
    lost = {k: checkpoint.diverged for k in widths if (checkpoint := read_checkpoint(study.group(k)))}
    panels = []
    for rule, rows in finished.items():
        by_rate = rows.groupby(["learning_rate", "k"]).frechet_test.mean()
        table = by_rate.reindex(pd.MultiIndex.from_product([rates, widths]))
        means = table.to_numpy(float).reshape(len(rates), len(widths))
        failures = [
            [any(train.name(Run(seed, rate, rule)) in lost.get(k, ()) for seed in study.seeds(k)) for k in widths]
            for rate in rates
        ]
        ended = set(rows.k)
        marked = [(rates.index(rate), widths.index(k)) for k, rate in study.best_rates(rule=rule).items() if k in ended]
        panels.append(Cells(rule, means.tolist(), failures, marked))
    title = f"{label} against width and learning rate, held-out images"
    x_label = "width k; framed: its best learning rate; ×: runs diverged"
    y_label = "learning rate" if train.rules == ["constant"] else "learning rate of the base width"
    columns, rows_of = [str(k) for k in widths], [f"{rate:g}" for rate in rates]
    return Map("learning-rates", title, x_label, y_label, columns, rows_of, panels)


def _best_steps(found: dict[Rule, Scaling]) -> list[Plot]:
    series = []
    for rule, of in found.items():
        widths, color = list(of.steps), COLORS[rule]
        logs = pd.DataFrame([{"k": k, "step": step} for k, steps in of.steps.items() for step in steps])
        if logs.empty:
            continue
        middle = logs.assign(step=logs.step.map(math.log)).groupby("k").step.mean().map(math.exp)
        ends = logs.groupby("k").step.agg(["min", "max"])
        series.append(Series(rule, widths, middle.tolist(), ends["min"].tolist(), ends["max"].tolist(), color))
        if of.interval:
            step, low, high = zip(*of.line(widths), strict=True)
            series.append(Series(f"{rule}, k^{_exponent(of)}", widths, step, low, high, color, dashed=True))
    title = "Best learning rate against width; dashed: its power law, with a 95% interval at each width"
    y_label = "best learning rate, mean and range over seeds"
    return [against_width("best-step", title, y_label, [Panel(series)], y_log=True)] if series else []


def _exponent(of: Scaling) -> str:
    """With its interval, if it has one."""
    low, high = of.interval or (math.nan, math.nan)
    sure = f" (95% interval: {number(low, 2)} to {number(high, 2)})" if of.interval else ""
    return f"{number(of.exponent, 2)}{sure}"


def _level(study: GanStudy, rule: Rule, found: Recommendation) -> list[str]:
    """Where the distance is level, and whether it still falls, or rises again, at the widest width."""
    means = study.final(rule=rule).groupby("k").frechet_test.mean()
    if len(means) == 1 or found.best_value <= 0:
        return []
    widest, end = int(means.index[-1]), number(means.iloc[-1])
    text = f"By the rule {rule} the mean {found.quantity} "
    if found.try_wider:
        seems = "still falls" if len(found.not_excluded) == 1 else "seems still to fall"
        return [f"{text}{seems} at the widest, to {end} at k = {widest} ({found.sure})."]
    text += f"is level from k = {found.width} on ({found.sure}), at {number(found.value)}"
    above = means.iloc[-1] / found.best_value - 1
    if above > found.tolerance:
        more = f"{percent(above, 2)} above the least, that of k = {found.best_width}"
        return [f"{text}, and then rises: at k = {widest} it is {more}."]
    return [f"{text}; at the widest, k = {widest}, it is {end}."]


def _best_step(study: GanStudy, rule: Rule, of: Scaling) -> str:
    base = study.spec.train.base_width
    what = "the best learning rate" + ("" if rule == "constant" else f", as that of k = {base},")
    edges = (
        f" At k = {joined(of.edges)} the best is the least or the largest of those tried, or trained, and left out."
        if of.edges
        else ""
    )
    if len(of.steps) < 2:
        return f"How {what} by the rule {rule} goes with k is not known: the best must lie between others.{edges}"
    text = f"By the rule {rule} {what} goes as k^{_exponent(of)}, by k = {joined(list(of.steps))}"
    if of.interval is None:
        seeds = len(next(iter(of.steps.values())))
        has = f"{counted(len(of.steps), 'such width')}, {counted(seeds, 'seed')}"
        return f"{text}; an interval takes three widths whose best lies between others, and two seeds: {has}.{edges}"
    low, high = of.interval
    holds = "in" if low <= 0 <= high else "not in"
    means = "that one step is right for every width" if rule == "constant" else "that the rule is right"
    return f"{text}; 0 would mean {means}, and is {holds} the interval.{edges}"


def _predicted(study: GanStudy, rule: Rule) -> list[str]:
    """What comes of training every wider width with the best step of a narrow one."""
    best, train = study.best_rates(rule=rule), study.spec.train
    rows = study.tried(rule)
    width = train.base_width if train.base_width in best else min(best)
    found = transfer(rows.assign(value=rows.frechet_test), best, width, study.spec.tolerance)
    if found is None:
        return []
    ends = [k for k, rate in best.items() if k >= width and rate in (train.rates[0], train.rates[-1])]
    if width in ends or (ends and found.verdict != "fails"):  # with a better one beyond, excesses would be larger
        return [
            f"Whether the best learning rate at k = {width} is right at wider widths, by the rule {rule}, is not "
            f"known: the best at k = {joined(ends)} is the least or the largest of those tried."
        ]
    return [_transfer(study, rule, found)]


def _transfer(study: GanStudy, rule: Rule, found: Transfer) -> str:
    worst = max(found.excess, key=lambda k: found.excess[k])
    most, tolerance = found.excess[worst], percent(study.spec.tolerance)
    text = f"The learning rate {found.rate:g}, best at k = {found.width}, by the rule {rule} at every wider width: "
    if most == math.inf:
        text += f"runs diverge with it at k = {worst}"
    elif most <= 0:
        text += "no width is worse with it than at its own best"
    else:
        text += f"the distance is at most {percent(most, 2)} above that at each width's own best, at k = {worst}"
    verdict = {
        "holds": f"so the rule predicts from one narrow width, within {tolerance}",
        "fails": "so the rule does not predict from one narrow width",
        "unclear": f"and these runs cannot tell whether that is more than {tolerance}",
    }
    return f"{text}, {verdict[found.verdict]}."


def _averaging(study: GanStudy) -> list[str]:
    """Whether the average of a generator's weights needs another width than its last ones."""
    try:
        averages, last = study.recommend(), study.recommend(averaged=False)
    except OverganError:  # of a value that is no number
        return []
    if averages.width == last.width:
        text = f"Averaging does not move the width: k = {last.width} with and without it"
    else:
        text = (
            f"Averaging moves the width: k = {last.width} ({last.sure}) without it, "
            f"k = {averages.width} ({averages.sure}) with it"
        )
        if shared := sorted({*averages.not_excluded} & {*last.not_excluded}):
            text += f"; both intervals hold k = {joined(shared)}, so these runs do not show that it does"
    values = f"{number(averages.best_value)} with it and {number(last.best_value)} without"
    return [f"{text}. The least mean {averages.quantity} of all widths is {values}."]
