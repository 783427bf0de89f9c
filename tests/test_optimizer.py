import pytest
import torch

from overgan.optimizer import adam_tensors, decayed, restore_adam


def trained(steps, adam, weight):
    for _ in range(steps):
        adam.zero_grad()
        (weight.square().sum() + weight.sum()).backward()
        adam.step()


def test_a_restored_adam_goes_on_as_the_first_would_have_and_leaves_the_tensors_alone():
    weights = [torch.arange(3.0, requires_grad=True)]
    adams = [torch.optim.Adam(weights, lr=0.1)]
    trained(3, adams[0], weights[0])
    weights.append(weights[0].detach().clone().requires_grad_())
    tensors = {name: value.clone() for name, value in adam_tensors(adams[0]).items()}
    assert set(tensors) == {"0.step", "0.exp_avg", "0.exp_avg_sq"}
    adams.append(torch.optim.Adam(weights[1:], lr=0.1))
    given = {name: value.clone() for name, value in tensors.items()}
    restore_adam(adams[1], given)
    for adam, weight in zip(adams, weights, strict=True):
        trained(2, adam, weight)
    assert torch.equal(*weights)
    assert all(torch.equal(given[name], tensors[name]) for name in tensors)


@pytest.mark.parametrize(("schedule", "expected"), [("constant", [0.5, 0.5, 0.5]), ("linear", [0.5, 0.375, 0.125])])
def test_a_linear_schedule_falls_to_nothing_after_the_last_iteration(schedule, expected):
    assert [decayed(0.5, schedule, iteration, 4) for iteration in (0, 1, 3)] == expected
