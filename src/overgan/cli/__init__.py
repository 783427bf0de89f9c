"""The `overgan` command: a module a command or two, each of which calls one public function."""

from overgan.cli._app import app, main

__all__ = ["app", "main"]
