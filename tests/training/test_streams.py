import torch

from overgan.training import Streams, stream


def test_a_replicas_draws_do_not_depend_on_its_companions():
    together, alone = Streams([5, 6, 7], "latents"), Streams([6], "latents")
    for draw in (lambda s: s.normal(3, 4), lambda s: s.uniform(5), lambda s: s.integers(100, 2, 2)):
        assert torch.equal(draw(together)[1], draw(alone)[0])


def test_seeds_and_purposes_have_streams_of_their_own():
    draws = {
        tuple(torch.rand(4, generator=stream(seed, name)).tolist())
        for seed in range(20)
        for name in ("initialization", "batches", "latents", "interpolation", "evaluation", "dither", "samples")
    }
    assert len(draws) == 140


def test_a_stream_goes_on_from_its_state():
    streams = Streams([1, 2], "batches")
    streams.normal(7)
    state = streams.state
    expected = streams.integers(1000, 50)
    other = Streams([1, 2], "batches")
    other.state = state
    assert torch.equal(other.integers(1000, 50), expected)
