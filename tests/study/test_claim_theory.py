"""The claims of theory studies, of rows whose truth is known."""

import json
import math

import numpy as np
import pytest

import overgan
from overgan.study import Description, parse_spec, write_description

WIDTHS, SEEDS = (2, 4, 8, 16), (0, 1, 2)
KINDS = {
    "shallow": {"methods": {"gda": {"method": "gda"}, "optimal": {"method": "optimal"}}},
    "prediction": {"gans": {"a": {"generator": "shallow"}, "b": {"generator": "shallow"}}},
    "certificate": {"problems": {"a": {}, "b": {}}},
}
CASE = {"shallow": "method", "prediction": "gan", "certificate": "problem"}


def study_of(folder, kind, row, widths=WIDTHS, case=("gda", "optimal")):
    """A study whose runs have `row(k, seed, case)`; None is a run that is not done."""
    spec = parse_spec({"name": "by-hand", "kind": kind, "widths": widths, "seeds": SEEDS, **KINDS[kind]}, "test")
    sizes = {k: {"generator": 10 * k, "discriminator": 2} for k in widths}
    machine = {"workers": 1, "processor": "a processor"}
    facts = {"command": "", "data": {}, "features": {}, "versions": {}, "machine": machine, "parameters": sizes}
    write_description(folder, Description(spec=spec, **facts))
    for k in widths:
        found = [(seed, name, row(k, seed, name)) for seed in SEEDS for name in case]
        rows = [
            {"seed": seed, CASE[kind]: name, "diverged": False, "seconds": 1.0} | one
            for seed, name, one in found
            if one
        ]
        (folder / f"k{k:04d}").mkdir()
        (folder / f"k{k:04d}" / "runs.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    return overgan.load(folder)


def shallow(tmp_path, converges, steps=lambda k, seed: 100):
    def row(k, seed, _case):
        done = converges(k, seed)
        mse = 0.0 if done else 1.0
        norms = {"mse": mse, "optimal_mse": 0.0, "residual": mse, "initial_residual": 1.0, "optimum": 0.0}
        return norms | {"steps": steps(k, seed) if done else 4000, "converged": done}

    return {claim.name: claim for claim in study_of(tmp_path, "shallow", row).claims()}


def test_wider_networks_reach_the_optimum_and_in_fewer_steps(tmp_path):
    found = shallow(tmp_path, lambda k, _: k >= 8, lambda k, seed: 1000 // k + seed)
    assert {name: claim.verdict for name, claim in found.items()} == {"optimum": "supports", "steps": "supports"}
    assert "gda: 0 of 3 runs at k = 2 and 3 of 3 runs at k = 16 converge." in found["optimum"].because
    assert "does not converge at k = 2 and converges in 63 steps at k = 16" in found["steps"].because
    assert found["steps"].numbers[0].high < 0 < found["optimum"].numbers[0].low
    assert found["optimum"].rests_on == "12 runs, 4 widths, gda"


@pytest.mark.parametrize(
    ("converges", "verdict", "needed"),
    [
        (lambda k, _: k <= 4, "contradicts", ""),
        (lambda k, _: True, "cannot tell", "Narrower networks"),
        (lambda k, _: False, "cannot tell", "Wider networks, or more steps: up to k = 16 no run does"),
        (lambda k, seed: k >= 8 and (k, seed) != (16, 0), "cannot tell", "at k = 16 some runs still do not converge"),
        (lambda k, seed: seed == 1, "cannot tell", "more seeds"),
    ],
)
def test_verdicts_on_the_optimum(tmp_path, converges, verdict, needed):
    found = shallow(tmp_path, converges)["optimum"]
    assert found.verdict == verdict
    assert needed in found.needed


def test_wider_networks_that_take_more_steps(tmp_path):
    assert shallow(tmp_path, lambda *_: True, lambda k, seed: 10 * k + seed)["steps"].verdict == "contradicts"


def predicted(tmp_path, gap, moved, **changed):
    def row(k, seed, case):
        shake = np.exp(0.02 * np.random.default_rng([k, seed]).standard_normal())
        measured = {"gap": gap(k, case) * shake, "moved": moved(k, case) * shake}
        norms = {"residual": 1.0, "predicted": 1.0, "initial_residual": 1.0, "steps": 200, "within": False}
        known = {name: value if math.isfinite(value) else None for name, value in measured.items()}
        return norms | {name: known[name] for name, value in measured.items() if not math.isnan(value)}

    study = study_of(tmp_path, "prediction", row, case=("a", "b"), **changed)
    return {claim.name: claim for claim in study.claims()}


def test_wider_networks_are_predicted_better_and_move_less(tmp_path):
    found = predicted(tmp_path, lambda k, case: k ** (-1.0 if case == "a" else 0.5), lambda k, _: k**-0.5)
    assert {claim.verdict for claim in found.values()} == {"supports"}
    first, second = found["linearization"].numbers
    assert first.low < -1 < first.high < 0 < second.low < 0.5 < second.high
    assert "It is the other way round for b." in found["linearization"].because
    assert "as k^-0.5" in found["laziness"].because


def test_of_older_studies_how_far_weights_moved_is_not_known(tmp_path):
    found = predicted(tmp_path, lambda k, _: k**0.5, lambda _k, _c: math.nan)
    assert (found["linearization"].verdict, found["laziness"].verdict) == ("contradicts", "cannot tell")
    assert "have not measured" in found["laziness"].because


def test_what_is_infinite_was_measured(tmp_path):
    for claim in predicted(tmp_path, lambda _k, _c: math.inf, lambda _k, _c: math.inf).values():
        assert claim.verdict == "cannot tell"
        assert claim.because.startswith("An exponent takes three widths at which the ")
        assert claim.because.endswith("is finite and above 0; that is so at 0.")


def test_two_widths_have_no_exponent(tmp_path):
    found = predicted(tmp_path, lambda k, _: 1 / k, lambda k, _: 1 / k, widths=(2, 4))
    assert {claim.verdict for claim in found.values()} == {"cannot tell"}
    assert {claim.needed for claim in found.values()} == {"Finished runs of three widths or more."}


@pytest.mark.parametrize("kind", KINDS)
def test_before_a_run_is_finished_nothing_can_be_told(tmp_path, kind):
    found = study_of(tmp_path, kind, lambda *_: None).claims()
    assert len(found) == 2
    for claim in found:
        assert (claim.verdict, claim.because) == ("cannot tell", "No run is finished yet.")


def test_certificates_beyond_a_width(tmp_path):
    def row(k, seed, case):
        excess = None if k == 2 and seed == 0 else 8 / k if case == "a" else 100.0
        constants = dict.fromkeys(["alpha", "beta", "epsilon", "allowed", "radius", "gamma", "rate"], 1.0)
        return constants | {"excess": excess, "holds": case == "a" and k >= 8, "conditions": {"(1)": k >= 8}}

    certificate, excess = study_of(tmp_path, "certificate", row, case=("a", "b")).claims()
    assert certificate.verdict == excess.verdict == "supports"
    assert "meet all conditions" in certificate.because
    assert excess.numbers[0].value == pytest.approx(-1)


def test_where_no_run_converges_more_steps_may_help_too(tmp_path):
    found = shallow(tmp_path, lambda *_: False)
    assert found["optimum"].needed == "Wider networks, or more steps: up to k = 16 no run does."
    assert found["steps"].needed == "Wider networks, or more steps: so far no run converges."
