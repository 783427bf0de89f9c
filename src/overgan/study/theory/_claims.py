"""What runs of a theory study say of the paper's statements about wide networks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from overgan.study.analysis import Claim, Estimate, Exponent, Kendall, Verdict, exponent, kendall, verdict
from overgan.words import counted, course, joined, number

WIDER = "Wider networks, or more seeds."


@dataclass(frozen=True)
class Cases:
    """The rows of a study, of which every run has one a case; the claims rest on the first case."""

    rows: pd.DataFrame
    column: str  # that names the case
    names: Sequence[str]
    confidence: float

    def of(self, name: str) -> pd.DataFrame:
        """The rows of one case."""
        return self.rows[self.rows[self.column] == name]

    @property
    def first(self) -> pd.DataFrame:
        """The rows that the claims rest on."""
        return self.of(self.names[0])

    def blank(self, name: str, statement: str, figures: tuple[str, ...]) -> Claim:
        """The claim before anything is known of it."""
        runs, widths = counted(len(self.first), "run"), counted(self.first.k.nunique(), "width")
        rests_on = f"{runs}, {widths}, {self.names[0]}"
        return Claim(name, statement, "cannot tell", "No run is finished yet.", (), rests_on, "Finished runs.", figures)

    def kendalls(self, values: Sequence[float]) -> dict[str, Kendall]:
        """By case Kendall's τ of the width with values, one a row; without the cases that have none."""
        of_rows = pd.Series(values, self.rows.index, dtype=float)
        found = {name: self.of(name).index for name in self.names}
        taus = {
            name: kendall(self.rows.k[at].to_numpy(float), of_rows[at].to_numpy(float), self.confidence)
            for name, at in found.items()
        }
        return {name: tau for name, tau in taus.items() if tau}

    def exponents(self, column: str) -> dict[str, Exponent]:
        """By case the exponent of k in a column; without the cases that have none."""
        if column not in self.rows:
            return {}
        values = {name: by_width(self.of(name), column) for name in self.names}
        fitted = {name: exponent(of, self.confidence) for name, of in values.items()}
        return {name: of for name, of in fitted.items() if of}


def by_width(rows: pd.DataFrame, column: str) -> dict[int, list[float]]:
    """A column's values of the runs of each width."""
    widths = sorted(set(rows.k.astype(int)))
    return {k: rows[column][rows.k == k].astype(float).tolist() for k in widths}


def reached(cases: Cases, name: str, statement: str, figures: tuple[str, ...], success: str, succeed: str) -> Claim:
    """Whether all runs succeed beyond a width.

    Supported if success goes with the width, and at the widest all runs succeed; contradicted if it becomes rarer. That
    no width so far is wide enough does not contradict it.

    success: the column that says so of a run. succeed: the word for it, such as "converge".
    """
    claim = cases.blank(name, statement, figures)
    first = cases.first
    if first.empty:
        return claim
    taus = cases.kendalls(cases.rows[success].astype(float).tolist())
    shares = {k: (int(sum(of)), len(of)) for k, of in by_width(first, success).items()}
    said = verdict(taus.get(cases.names[0]), [], 1)
    widest, narrowest = max(shares), min(shares)
    needed = ""
    if said == "supports" and shares[widest][0] < shares[widest][1]:
        said = "cannot tell"
        needed = f"Wider networks: at k = {widest} some runs still do not {succeed}."
    elif said == "cannot tell":
        needed = WIDER
        if all(n == of for n, of in shares.values()):
            needed = f"Narrower networks: from k = {narrowest} on all runs {succeed}."
        elif not any(n for n, _ in shares.values()):
            longer = ", or more steps" if succeed == "converge" else ""
            needed = f"Wider networks{longer}: up to k = {widest} no run does."
    ends = [f"{shares[k][0]} of {shares[k][1]} runs at k = {k}" for k in dict.fromkeys([narrowest, widest])]
    opposed = [name for name, tau in taus.items() if tau.direction < 0]
    return replace(
        claim,
        verdict=said,
        because=f"{cases.names[0]}: {joined(ends)} {succeed}.{_but(cases, opposed)}",
        numbers=_taus(taus, f"whether runs {succeed}"),
        needed=needed,
        p_value=taus[cases.names[0]].p_value if cases.names[0] in taus else None,
    )


def sooner(cases: Cases, name: str, statement: str, figures: tuple[str, ...], success: str) -> Claim:
    """Whether wider networks converge in fewer steps; runs that do not converge come after all others, and are tied."""
    claim = cases.blank(name, statement, figures)
    if cases.first.empty:
        return claim
    steps = np.where(cases.rows[success].astype(bool), cases.rows.steps.astype(float), math.inf)
    taus = cases.kendalls(steps.tolist())
    said = verdict(taus.get(cases.names[0]), [], -1)
    of_first = by_width(cases.first.assign(steps=steps[cases.rows[cases.column] == cases.names[0]]), "steps")
    medians = {k: float(np.quantile(of, 0.5, method="higher")) for k, of in of_first.items()}
    ends = [
        f"{'does not converge' if math.isinf(medians[k]) else f'converges in {number(medians[k])} steps'} at k = {k}"
        for k in dict.fromkeys([min(medians), max(medians)])
    ]
    needed = "Wider networks, or more steps: so far no run converges." if not np.isfinite(steps).any() else WIDER
    opposed = [name for name, tau in taus.items() if tau.direction > 0]
    return replace(
        claim,
        verdict=said,
        because=f"{cases.names[0]}: the median run {joined(ends)}.{_but(cases, opposed)}",
        numbers=_taus(taus, "the steps until a run converges"),
        needed=needed if said == "cannot tell" else "",
        p_value=taus[cases.names[0]].p_value if cases.names[0] in taus else None,
    )


def falls(cases: Cases, name: str, statement: str, figures: tuple[str, ...], column: str, what: str) -> Claim:
    """Whether something falls as the networks grow: its exponent of k is below 0, or above.

    column: of it. what: it is, in words.
    """
    claim = cases.blank(name, statement, figures)
    first = cases.first
    if first.empty:
        return claim
    fitted, decides = cases.exponents(column), cases.names[0]
    if decides not in fitted:
        if column not in first:  # of an older version
            again = "The same study, run again in another folder."
            return replace(claim, because=f"These runs have not measured {what}.", needed=again)
        known = [k for k, of in by_width(first, column).items() if any(0 < v < math.inf for v in of)]
        because = f"An exponent takes three widths at which {what} is finite and above 0; that is so at {len(known)}."
        return replace(claim, because=because, needed="Finished runs of three widths or more.")
    law = fitted[decides]
    said: Verdict = "supports" if law.high < 0 else "contradicts" if law.low > 0 else "cannot tell"
    opposed = [of for of, other in fitted.items() if other.low > 0]
    finite = {k: [v for v in of if math.isfinite(v)] for k, of in by_width(first, column).items()}
    means = {k: float(np.mean(of)) for k, of in finite.items() if of}
    power = number(round(law.exponent, 2))
    return replace(
        claim,
        verdict=said,
        because=f"{decides}: {what} {course(means)}, as k^{power}.{_but(cases, opposed)}",
        numbers=tuple(other.estimate(f"{what}, {of}") for of, other in fitted.items()),
        needed=WIDER if said == "cannot tell" else "",
        p_value=law.p_value,
    )


def _but(cases: Cases, opposed: Sequence[str]) -> str:
    """The cases, beside the one that decides, that go the other way."""
    others = [name for name in opposed if name != cases.names[0]]
    return f" It is the other way round for {', and for '.join(others)}." if others else ""


def _taus(taus: dict[str, Kendall], what: str) -> tuple[Estimate, ...]:
    return tuple(tau.estimate(f"{what}, {name}") for name, tau in taus.items())
