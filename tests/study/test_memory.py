import pytest

import overgan
from overgan.errors import OverganError


def test_a_width_that_no_machine_holds_is_refused_before_memory_is_taken(tmp_path):
    """Two hidden layers of 10⁸ units: 2 × 10¹⁶ weights of the generator and the critic, 20 bytes each, of 5 runs."""
    memory = r"^widths is 100000000, which needs at least 2,000,\d{3},\d{3} GB of memory"
    with pytest.raises(OverganError, match=memory):
        overgan.run("quickstart", tmp_path / "study", ["widths=[100000000]", "evaluate.features=[pixels]"])
    assert not (tmp_path / "study").exists()
