"""Our convolutions against PyTorch's in double precision: values, gradients, gradients of gradients."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from overgan.models.kernels import LANES
from overgan.models.kernels._direct import taps
from overgan.models.layers import ReplicaConv2d, fold, input_gradients_only, unfold
from overgan.models.layers._conv import _Correlate

CASES = {  # the arguments of the layer, pixels
    "5 × 5, stride 2": ((3, 8, 5, 2, 0.2), 16),
    "5 × 5, stride 2, to a few pixels": ((16, 5, 5, 2, 0.2), 8),
    "3 × 3": ((5, 7, 3), 8),
    "3 × 3, ReLU": ((4, 4, 3, 1, 0.0), 32),
    "1 × 1": ((9, 2, 1), 4),
    "5 × 5, transposed": ((6, 3, 5, 2, 1.0, True), 4),
}


def gradients_of_gradients(layer, x):
    """What a gradient penalty needs of a layer: y, ∇y, and the gradients of a function of both."""
    x = x.clone().requires_grad_()
    y = unfold(layer(fold(x)))
    weights = torch.arange(y.numel(), dtype=y.dtype).view_as(y).sin()
    (slope,) = torch.autograd.grad((y * weights).sum(), x, create_graph=True)
    penalty = (slope.flatten(2).norm(dim=2) - 1).square().sum() + y.square().mean()
    return [y, slope, *torch.autograd.grad(penalty, [x, *layer.parameters()])]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("case", CASES)
def test_values_and_two_derivatives(case, threads):
    arguments, pixels = CASES[case]
    layer = ReplicaConv2d(2, *arguments)
    layer.initialize([torch.Generator().manual_seed(seed) for seed in (0, 1)])
    generator = torch.Generator().manual_seed(2)
    torch.nn.init.normal_(layer.bias, generator=generator)
    x = torch.randn(2, 2 * LANES, arguments[0], pixels, pixels, generator=generator)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        ours = gradients_of_gradients(layer, x)
    finally:
        torch.set_num_threads(before)
    for mine, exact in zip(ours, gradients_of_gradients(layer.double(), x.double()), strict=True):
        # sums of up to a hundred thousand products, whose rounding errors are 2^-24 each and mostly cancel
        assert torch.linalg.vector_norm(mine - exact) <= 2e-6 * torch.linalg.vector_norm(exact)


@pytest.mark.parametrize(
    ("arguments", "pixels"),
    [((1, 2, 3), 128), ((3, 2, 3), 256), ((3, 2, 5, 2, 0.2), 256), ((2, 1, 5, 2, 1.0, True), 128)],
)
def test_values_and_gradients_of_large_images(arguments, pixels):
    layer = ReplicaConv2d(1, *arguments)
    layer.initialize([torch.Generator().manual_seed(0)])
    x = torch.randn(1, LANES, arguments[0], pixels, pixels, generator=torch.Generator().manual_seed(1))

    def results(layer, x):
        x = x.requires_grad_()
        y = unfold(layer(fold(x)))
        return [y, *torch.autograd.grad(y.square().sum(), [x, *layer.parameters()])]

    ours = results(layer, x)
    additions = ours[0].shape[-1] ** 2 * LANES  # of a weight's gradient, whose rounding errors mostly cancel
    for mine, exact in zip(ours, results(layer.double(), x.detach().double()), strict=True):
        assert torch.linalg.vector_norm(mine - exact) <= 2**-24 * additions**0.5 * torch.linalg.vector_norm(exact)


def test_the_weights_gradient_has_gradients_too():
    generator = torch.Generator().manual_seed(0)
    large, small = (torch.randn(1, 1, n, n, c, LANES, generator=generator) for n, c in ((8, 3), (4, 5)))
    large.requires_grad_()
    small.requires_grad_()
    direction = torch.randn(1, 5, 3, 5, 5, generator=generator)
    ours = torch.autograd.grad((_Correlate.apply(large, small, 5, 2) * direction).sum(), [large, small])
    # bilinear: the same sum is that of the convolution with the direction as its weight, times the small image
    exact = [t.detach().double().requires_grad_() for t in (large, small)]
    images, results = (unfold(t)[0] for t in exact)
    total = (torch.nn.functional.conv2d(images, direction[0].double(), stride=2, padding=2) * results).sum()
    for mine, reference in zip(ours, torch.autograd.grad(total, exact), strict=True):
        torch.testing.assert_close(mine.double(), reference, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize(("kernel", "stride"), [(5, 2), (3, 1), (1, 1)])
def test_runs_are_every_pixels_taps_once(kernel, stride, transposed):
    pixels = 8
    order, first, pixel, place, length = taps(pixels, kernel, stride, transposed)
    found = {
        (target, int(pixel[run]) + i, int(order[place[run] + i]))
        for target in range(len(first) - 1)
        for run in range(first[target], first[target + 1])
        for i in range(length[run])
    }
    size, expected = pixels // stride, set()
    for row, column, down, right in np.ndindex(size, size, kernel, kernel):
        y, x = row * stride + down - kernel // 2, column * stride + right - kernel // 2
        if 0 <= y < pixels and 0 <= x < pixels:
            pair = row * size + column, y * pixels + x
            expected.add((*(pair[::-1] if transposed else pair), down * kernel + right))
    assert found == expected
    assert length.sum() == len(expected)


def test_blocks_and_back():
    x = torch.randn(2, 3 * LANES, 3, 4, 4)
    folded = fold(x)
    assert folded.shape == (2, 3, 4, 4, 3, LANES)
    assert torch.equal(unfold(folded), x)
    assert fold(x[:, :5]).shape == (2, 1, 4, 4, 3, 5)  # no whole blocks: PyTorch's convolutions


def test_input_gradients_only_is_of_one_thread():
    layer = ReplicaConv2d(1, 3, 2, 3)
    layer.initialize([torch.Generator().manual_seed(0)])
    x = torch.randn(1, LANES, 3, 4, 4, generator=torch.Generator().manual_seed(1))

    def weight_gradient():
        (gradient,) = torch.autograd.grad(layer(fold(x)).sum(), [layer.weight], allow_unused=True)
        return gradient

    with input_gradients_only(), ThreadPoolExecutor(1) as other:
        assert weight_gradient() is None
        assert other.submit(weight_gradient).result() is not None
    assert weight_gradient() is not None
