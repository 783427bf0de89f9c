"""What the distance that decides is called, for those who only say it."""

FRECHET, IN_INCEPTION = "Fréchet distance", "FID"


def frechet_label(features: str) -> str:
    """FID in Inception's features, else such as classifier Fréchet distance: what `Metric.heading` makes of them."""
    return IN_INCEPTION if features == "inception" else f"{features} {FRECHET}"
