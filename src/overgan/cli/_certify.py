"""`overgan certify`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Column, Table

from overgan.cli._options import Json
from overgan.cli._terminal import console
from overgan.errors import OverganError

if TYPE_CHECKING:
    from overgan.theory import Certificate, Problem


def certify(
    n: Annotated[int | None, typer.Option(help="Latents [default: 1000].")] = None,
    d: Annotated[int | None, typer.Option(help="Their dimension [default: 10].")] = None,
    m: Annotated[int | None, typer.Option(help="Dimension of the data [default: 10].")] = None,
    k: Annotated[int | None, typer.Option(help="Width [default: 1000].")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the random problem [default: 0].")] = None,
    problem: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A problem of your own: an .npz with Z, V, W0 and target.")
    ] = None,
    generator: Annotated[
        str | None, typer.Option(metavar="MODULE:FUNCTION", help="A deep one: returns the module and its latents.")
    ] = None,
    features: Annotated[
        str | None, typer.Option(metavar="MODULE:FUNCTION", help="With --generator: returns the module and the data.")
    ] = None,
    mu: Annotated[float, typer.Option(help="Step size of the discriminator.")] = 1.0,
    eta: Annotated[
        float | None, typer.Option(help="Step size of the generator [default: the largest the theorem allows].")
    ] = None,
    json_: Json = False,
) -> None:
    """Check the conditions of the paper's Theorem A.4: exit code 0 if all hold, 1 if not.

    For a shallow GAN the verdict is a proof; for a deep one (--generator and --features) it rests on estimates.
    """
    from overgan import theory

    sizes = {name: size for name, size in (("n", n), ("d", d), ("m", m), ("k", k), ("seed", seed)) if size is not None}
    gan = _problem(sizes, problem, generator, features)
    certificate = theory.certify(gan, mu, eta)
    if json_:
        console.print_json(data={"problem": repr(gan), **certificate.summary()})
    else:
        _print_certificate(repr(gan), certificate)
    raise typer.Exit(0 if certificate.holds else 1)


def _problem(sizes: dict[str, Any], file: Path | None, generator: str | None, features: str | None) -> "Problem":
    """The problem that the options name. Raises OverganError if they name several, or half of one."""
    from overgan import theory

    own = {"problem": file, "generator": generator, "features": features}
    chosen = [name for name, value in own.items() if value is not None]
    if chosen and sizes:
        raise OverganError(f"--{chosen[0]} and --{next(iter(sizes))} exclude each other: it has sizes of its own")
    if chosen not in ([], ["problem"], ["generator", "features"]):
        raise OverganError(f"--{chosen[0]}: give --problem alone, or --generator and --features together")
    if generator is not None and features is not None:
        return theory.load_deep_problem(generator, features)
    return theory.load_problem(file) if file is not None else theory.ShallowGAN.gaussian(**sizes)


def _print_certificate(title: str, certificate: "Certificate") -> None:
    console.print(
        f"{title}: alpha {certificate.alpha:.4g}, beta {certificate.beta:.4g}, epsilon {certificate.epsilon:.4g}, "
        f"gamma {certificate.gamma:.4g}, radius {certificate.radius:.4g} ({certificate.basis}), "
        f"mu {certificate.mu:.4g}, eta {certificate.eta:.4g}"
    )
    heads = (Column(head, no_wrap=True) for head in ("condition", "left", "right", "margin", "verdict"))
    table = Table(*heads, box=SIMPLE_HEAD)
    for row in certificate.conditions:
        sides = (f"{side:.5g}" for side in (row.left, row.right, row.margin))
        table.add_row(row.statement, *sides, "holds" if row.holds else "fails")
    console.print(table)
    if certificate.holds:
        console.print(
            f"all hold: every step shrinks the bound on the state by the factor {certificate.rate:.6g}"
            if certificate.basis == "proven"
            else "all hold for estimates of epsilon and beta, which may be too low: evidence, not a proof"
        )
    for reason in certificate.reasons:
        console.print(f"fails: {reason}")
