"""python -m overgan is the `overgan` command."""

from overgan.cli import main

main()
