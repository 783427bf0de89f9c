import pytest
import torch

from overgan.optimizer import adam_tensors, decayed, restore_adam


def descend(adam, parameter, steps):
    for _ in range(steps):
        adam.zero_grad()
        (parameter.square() * torch.tensor([1.0, 3.0, 0.1])).sum().backward()
        adam.step()


def test_adam_goes_on_from_its_tensors_without_touching_them():
    first = torch.nn.Parameter(torch.ones(3))
    adam = torch.optim.Adam([first], lr=0.1)
    descend(adam, first, 3)
    tensors = {name: value.clone() for name, value in adam_tensors(adam).items()}
    assert sorted(tensors) == ["0.exp_avg", "0.exp_avg_sq", "0.step"]
    second = torch.nn.Parameter(first.detach().clone())
    other = torch.optim.Adam([second], lr=0.1)
    restore_adam(other, tensors)
    descend(other, second, 3)
    assert tensors["0.step"] == 3
    descend(adam, first, 3)
    assert torch.equal(first, second)


@pytest.mark.parametrize(("schedule", "rates"), [("constant", [2.0, 2.0, 2.0]), ("linear", [2.0, 1.0, 0.5])])
def test_the_rate_is_constant_or_falls_in_a_line_to_zero(schedule, rates):
    assert [decayed(2.0, schedule, iteration, 8) for iteration in (0, 4, 6)] == rates
