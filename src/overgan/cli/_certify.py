"""`overgan certify`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from typer import Exit, Option

from overgan import theory
from overgan.cli._options import Json, given
from overgan.cli._terminal import console, print_json, print_table
from overgan.errors import OverganError
from overgan.words import number

if TYPE_CHECKING:
    from overgan.theory import Certificate, OptimalCertificate, Problem, ShallowGAN


PAIRED_HELP = "Units in pairs with v and −v, so that f(W_0) = 0, which needs far fewer units; k counts both."
PROBLEM_HELP = "A problem of your own: an .npz file with Z, V, W0 and target."
GENERATOR_HELP = "A deep generator of your own: the function returns a module and its latents."
METHOD_HELP = "gda: Theorem A.4; optimal: the best discriminator at every step, Theorem A.11."
VERDICTS = {True: "holds", False: "fails"}
SHOWN = "alpha", "beta", "epsilon", "gamma", "radius", "mu", "eta"
FEATURES_HELP = "With --generator: the function returns a module and the data."


def certify(
    n: Annotated[int | None, Option(help="Number of latents [default: 1000].")] = None,
    d: Annotated[int | None, Option(help="Dimension of the latents [default: 10].")] = None,
    m: Annotated[int | None, Option(help="Dimension of the data [default: 10].")] = None,
    k: Annotated[int | None, Option(help="Width [default: 1000].")] = None,
    seed: Annotated[int | None, Option(min=0, help="Seed of the random problem [default: 0].")] = None,
    paired: Annotated[bool, Option("--paired", help=PAIRED_HELP)] = False,
    problem: Annotated[Path | None, Option(metavar="FILE", help=PROBLEM_HELP)] = None,
    generator: Annotated[str | None, Option(metavar="MODULE:FUNCTION", help=GENERATOR_HELP)] = None,
    features: Annotated[str | None, Option(metavar="MODULE:FUNCTION", help=FEATURES_HELP)] = None,
    method: Annotated[Literal["gda", "optimal"], Option(help=METHOD_HELP)] = "gda",
    mu: Annotated[float | None, Option(help="Step size of the discriminator [default: 1].")] = None,
    eta: Annotated[float | None, Option(help="Step size of the generator [default: what the theorem allows].")] = None,
    json_: Json = False,
) -> None:
    """Check the conditions of the paper's convergence theorem.

    It is Theorem A.4, or A.11 for the best discriminator at every step.
    The exit code is 0 if all hold, 1 if not. For a shallow GAN the verdict is a proof; for a deep one (--generator and
    --features) it rests on estimates.
    """
    sizes = given(n=n, d=d, m=m, k=k, seed=seed, paired=paired or None)
    gan = _problem(sizes, problem, generator, features)
    if method == "optimal" and mu is not None:
        raise OverganError("--mu and --method optimal exclude each other: its discriminator takes no steps")
    certificate = theory.certify(gan, 1.0 if mu is None else mu, eta, method=method)
    if json_:
        print_json({"problem": repr(gan), **certificate.summary()})
    else:
        _print_certificate(repr(gan), certificate)
    raise Exit(0 if certificate.holds else 1)


def _problem(sizes: dict[str, Any], file: Path | None, generator: str | None, features: str | None) -> "Problem":
    """The problem that the options name. Raises OverganError if they name several, or half of one."""
    chosen = list(given(problem=file, generator=generator, features=features))
    if chosen and sizes:
        raise OverganError(f"--{chosen[0]} and --{next(iter(sizes))} exclude each other: it has sizes of its own")
    if chosen not in ([], ["problem"], ["generator", "features"]):
        raise OverganError(f"--{chosen[0]}: give --problem alone, or --generator and --features together")
    if generator is not None and features is not None:
        return theory.load_deep_problem(generator, features)
    return theory.load_problem(file) if file is not None else _drawn(**sizes)


def _drawn(*, k: int = 1000, paired: bool = False, **sizes: Any) -> "ShallowGAN":
    """A random shallow GAN. Raises OverganError if its units are to come in pairs, and are an odd number."""
    if not paired:
        return theory.ShallowGAN.gaussian(k=k, **sizes)
    if k % 2:
        raise OverganError(f"--k is {k}; with --paired it must be even")
    return theory.paired(theory.ShallowGAN.gaussian(k=k // 2, **sizes))


def _print_certificate(title: str, certificate: "Certificate | OptimalCertificate") -> None:
    numbers = {name: number(getattr(certificate, name), 4) for name in SHOWN if name in certificate.constants}
    numbers["radius"] += f" ({certificate.basis})"
    console.print(f"{title}: " + ", ".join(f"{name} {number}" for name, number in numbers.items()))
    rows = [
        [row.statement, number(row.left, 5), number(row.right, 5), number(row.margin, 3), VERDICTS[row.holds]]
        for row in certificate.conditions
    ]
    print_table(["condition", "left", "right", "margin", "verdict"], rows, unbroken=5)
    if certificate.holds:
        console.print(
            f"all hold: every step shrinks the bound on the {certificate.bounded} by the factor "
            f"{number(certificate.rate, 6)}"
            if certificate.basis == "proven"
            else "all hold for estimates of epsilon and beta, which may be too low: evidence, not a proof"
        )
    for reason in certificate.reasons:
        console.print(f"fails: {reason}")
