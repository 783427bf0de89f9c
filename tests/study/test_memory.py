import pytest

import overgan
from overgan.errors import OverganError


def test_a_width_that_no_machine_holds_is_refused_before_memory_is_taken(tmp_path):
    """Two hidden layers of 10⁸ units: 2 × 10¹⁶ weights of the generator and the critic, 16 bytes each."""
    with pytest.raises(OverganError, match=r"^widths is 100000000, which needs at least 320,\d{3},\d{3} GB of memory"):
        overgan.run("quickstart", tmp_path / "study", ["widths=[100000000]", "evaluate.features=[pixels]"])
    assert not (tmp_path / "study").exists()
