import pytest
import torch

from overgan.models.layers import ReplicaLinear
from overgan.models.layers._linear import _Affine


@pytest.fixture
def tensors():
    generator = torch.Generator().manual_seed(0)
    shapes = {"x": (3, 2, 4), "weight": (3, 4, 5), "bias": (3, 1, 5)}
    return [torch.randn(s, generator=generator, dtype=torch.float64, requires_grad=True) for s in shapes.values()]


def test_derivatives_are_those_of_differences(tensors):
    assert torch.autograd.gradcheck(_Affine.apply, tensors)
    assert torch.autograd.gradgradcheck(_Affine.apply, tensors)


def test_third_derivatives_are_those_of_pytorchs_product(tensors):
    def third(affine):
        x, weight, bias = tensors
        (slope,) = torch.autograd.grad(affine(x, weight, bias).pow(3).sum(), x, create_graph=True)
        of_weight = torch.autograd.grad(slope.pow(2).sum(), weight, create_graph=True)[0]
        return torch.autograd.grad(of_weight.pow(2).sum(), tensors)

    ours, theirs = third(_Affine.apply), third(lambda x, weight, bias: torch.baddbmm(bias, x, weight))
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other)


def test_gradients_through_a_slope_have_the_weight_s_layout():
    """A transposed one is not added to the others faster than the products are made."""
    layer = ReplicaLinear(2, 6, 5)
    x = torch.ones(2, 3, 6, requires_grad=True)
    (slope,) = torch.autograd.grad(layer(x).pow(2).sum(), x, create_graph=True)
    (of_weight,) = torch.autograd.grad(slope.sum(), layer.weight)
    assert of_weight.is_contiguous()
