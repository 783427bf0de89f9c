import pytest

from overgan.theory import (
    ShallowGAN,
    certify,
    simulate,
    simulation_width,
    theory_width,
)
from tests.theory.conftest import near


def test_widths_are_where_the_verdict_changes():
    def family(k):
        return near(1e-2, n=30, d=3, m=2, k=k, seed=7)

    wide = theory_width(family, highest=2000)
    assert certify(family(wide)).holds
    assert not certify(family(int(wide / 1.03) - 1)).holds
    assert theory_width(family, highest=2) is None

    def random(k):
        return ShallowGAN.gaussian(n=30, d=3, m=3, k=k, seed=1)

    enough = simulation_width(random, highest=100)
    assert simulate(random(enough), steps=20_000).converged
    assert not simulate(random(enough - 1), steps=20_000).converged
    with pytest.raises(ValueError, match="lowest is 5"):
        simulation_width(random, lowest=5, highest=4)
