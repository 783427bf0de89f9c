"""Shared fixtures: a private cache, the digits, and a small study."""

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import settings

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


def check_shapes() -> None:
    """Check types and shapes at every call of every module but the compiled ones, which numba must see bare."""
    from jaxtyping import install_import_hook

    source = Path(__file__).parents[1] / "src"
    names = [".".join(p.relative_to(source).with_suffix("").parts) for p in source.rglob("*.py")]
    modules = [name for name in names if not name.endswith(("__init__", "__main__")) and "kernels" not in name]
    install_import_hook(modules, "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))")


check_shapes()
settings.register_profile("deterministic", derandomize=True, deadline=None)
settings.load_profile("deterministic")


def pytest_configure(config: pytest.Config) -> None:
    # one cache for all processes of a test session, so that the digits' classifier is trained once
    # and one thread a process, because pytest-xdist already uses all cores
    import tempfile

    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("XDG_CACHE_HOME", tempfile.mkdtemp(prefix="overgan-test-cache-"))


def digest(content):
    """What two results are compared by: pytest would look for hours for the difference of two long ones."""
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="session")
def digits():
    from overgan.data import DataConfig, load_images

    return load_images(DataConfig(name="digits"))


@pytest.fixture
def small_spec(tmp_path):
    """A spec file that trains in about a second."""
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    return path


SMALL = """
name: small
data: {name: digits}
model: {name: mlp, latent: 4, depth: 2}
widths: [2, 4, 8]
seeds: [0, 1]
train: {iterations: 60, batch: 8, learning_rate: 2e-3, log_every: 10, evaluate_every: 20}
evaluate: {features: [pixels], samples: 100}
"""
