"""Which plot stands where on the page: each once, beside the first claim that it shows, or after all claims."""

from collections.abc import Sequence
from dataclasses import dataclass

from overgan.report._content import Content
from overgan.report._map import Map
from overgan.report._plot import Plot
from overgan.study import Claim, Estimate
from overgan.words import span

PERCENT = ", in %"
SIGNS = {"supports": "✓", "contradicts": "✗", "cannot tell": "?"}
SAID = {"supports": "This study supports it", "contradicts": "This study contradicts it", "cannot tell": "Cannot tell"}


@dataclass(frozen=True)
class Card:
    """A claim with the plots that show it."""

    claim: Claim
    plots: Sequence[Plot | Map]  # beside it, the best first
    elsewhere: Sequence[Plot | Map]  # beside an earlier claim, or below

    @property
    def sign(self) -> str:
        """The verdict as a character."""
        return SIGNS[self.claim.verdict]

    @property
    def said(self) -> str:
        """The verdict in words."""
        return SAID[self.claim.verdict]


def arranged(content: Content) -> tuple[list[Card], list[Plot | Map]]:
    """A card for each claim, and the plots that none shows; what a section of its own has stays there."""
    named = {plot.name: plot for plot in content.all_plots}
    free = {plot.name for plot in content.plots}
    cards = []
    for claim in content.claims:
        own = [name for name in dict.fromkeys(claim.figures) if name in free]
        others = [name for name in dict.fromkeys(claim.figures) if name in named and name not in free]
        free -= set(own)
        cards.append(Card(claim, [named[name] for name in own], [named[name] for name in others]))
    return cards, [plot for plot in content.plots if plot.name in free]


def value(estimate: Estimate) -> str:
    """The number, with a % if its words say that it is in %."""
    return estimate.shown[0] + "%" * (PERCENT in estimate.what)


def called(estimate: Estimate) -> str:
    """What the number is; that it is in % is left to the number, unless it says of what."""
    return estimate.what.removesuffix(PERCENT)


def interval(estimate: Estimate) -> str:
    """The interval of a number in words, empty if it has none."""
    _, low, high = estimate.shown
    if "–" in (low, high):
        return ""
    return f"{100 * estimate.confidence:g}% interval: {span(low, high) if low != high else f'{low} alone'}"
