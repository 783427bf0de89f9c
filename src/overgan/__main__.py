"""python -m overgan is the `overgan` command."""

import sys

if not sys.flags.safe_path:
    del sys.path[0]  # the current folder, whose random.py would be imported for Python's own

from overgan.cli import main

main()
