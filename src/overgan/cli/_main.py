"""The command's beginning: signals first, then the imports, which take a moment."""

from overgan.signals import ending_in_time


def main() -> None:
    """Run the command; it ends at a signal within 10 s, whatever it does."""
    with ending_in_time():
        from overgan.cli._app import start

        start()
