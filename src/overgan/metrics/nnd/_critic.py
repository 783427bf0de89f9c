"""The critic of the neural net divergence, its loss, and everything that its next step depends on."""

import copy
import math
from itertools import pairwise

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from overgan.metrics.nnd._config import NNDConfig
from overgan.optimizer import adam_tensors, decayed, restore_adam


def build_critic(config: NNDConfig, shape: tuple[int, int, int], random: torch.Generator) -> nn.Sequential:
    """From images (batch, channels, height, width) to a score each, (batch, 1).

    Convolutions start from He's normal distribution, cut at two standard deviations, the linear layer from Glorot's
    uniform one and biases from zero, as in the reference. A convolution halves the size, rounded up; on even sizes the
    reference's critic is padded 1 pixel before and 2 after the image, this one 2 before and 1 after: its mirror image.
    """
    height, width, channels = shape
    activation = nn.SiLU if config.activation == "swish" else lambda: nn.LeakyReLU(0.2)
    sizes = [channels, *(config.width * 2**layer for layer in range(config.layers))]
    modules: list[nn.Module] = []
    with torch.device("meta"):  # without a draw from the global generator
        for inputs, outputs in pairwise(sizes):
            modules += [nn.Conv2d(inputs, outputs, config.kernel, 2, config.kernel // 2), activation()]
            height, width = math.ceil(height / 2), math.ceil(width / 2)
        critic = nn.Sequential(*modules, nn.Flatten(), nn.Linear(sizes[-1] * height * width, 1))
    critic.to_empty(device="cpu")
    for layer in critic:
        if isinstance(layer, nn.Conv2d):
            deviation = math.sqrt(1.3 * 2 / (layer.in_channels * config.kernel**2))  # 1.3: what the cut takes away
            nn.init.trunc_normal_(layer.weight, std=deviation, a=-2 * deviation, b=2 * deviation, generator=random)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type] # its type allows none
        elif isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight, generator=random)
            nn.init.zeros_(layer.bias)
    return critic


def distance(
    critic: nn.Module, images: Float[Tensor, "both c h w"], mix: Float[Tensor, " half"], slope_epsilon: float
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """E D(real) − E D(fake), and the penalty E (√(ε + ‖∇D(x̂)‖²) − 1)² at x̂ = real + mix · (fake − real).

    images: the real ones, then as many generated ones. Both results have derivatives with respect to the critic's
    parameters, if those require gradients.
    """
    real, fake = images.chunk(2)
    scores = critic(images)
    wasserstein = scores[: len(real)].mean() - scores[len(real) :].mean()
    x = torch.lerp(real, fake, mix[:, None, None, None]).requires_grad_()
    learning = any(parameter.requires_grad for parameter in critic.parameters())
    (gradient,) = torch.autograd.grad(critic(x).sum(), x, create_graph=learning)
    slope = (slope_epsilon + gradient.square().sum((1, 2, 3))).sqrt()
    return wasserstein, (slope - 1).square().mean()


class Divergence:
    """The critic, its moving average, Adam, the random stream, and the batches evaluated so far."""

    def __init__(
        self,
        real: UInt8[Tensor, "images h w c"],
        generated: UInt8[Tensor, "samples h w c"],
        config: NNDConfig,
        seed: int,
        device: str,
    ):
        self.config, self.device = config, device
        self.real, self.generated = real.to(device), generated.to(device)
        self.random = torch.Generator().manual_seed(seed)  # on the CPU: the same draws on every device
        height, width, channels = real.shape[1:]
        self.critic = build_critic(config, (height, width, channels), self.random).to(device)
        self.average = copy.deepcopy(self.critic).requires_grad_(False)
        self.networks = nn.ModuleDict({"critic": self.critic, "average": self.average})
        self.adam = torch.optim.Adam(
            self.critic.parameters(), lr=config.learning_rate, betas=config.betas, eps=1e-8, fused=True
        )
        self.iteration = 0
        self.loss = torch.zeros(())  # of the last update
        self.evaluations: list[tuple[float, float]] = []  # of each batch: Wasserstein part, penalty

    @property
    def steps(self) -> tuple[int, int]:
        """Updates and evaluated batches so far, and in all."""
        return self.iteration + len(self.evaluations), self.config.iterations + self.config.evaluation_batches

    def step(self) -> None:
        """The next update of the critic or, after the last, the next batch of the evaluation."""
        if self.iteration < self.config.iterations:
            self._train()
        else:
            self._evaluate()

    @property
    def finite(self) -> bool:
        """Whether the last update's loss and the last batch's evaluation, if there are any, are finite."""
        return bool(self.loss.isfinite()) and all(map(math.isfinite, self.evaluations[-1] if self.evaluations else ()))

    def _train(self) -> None:
        wasserstein, penalty = distance(self.critic, *self._draw(), self.config.slope_epsilon)
        loss = self.config.gradient_penalty * penalty - wasserstein
        self.adam.zero_grad()
        torch.autograd.backward(loss)
        rate = decayed(self.config.learning_rate, self.config.schedule, self.iteration, self.config.iterations)
        self.adam.param_groups[0]["lr"] = rate
        self.adam.step()
        self.loss = loss.detach()
        self.iteration += 1
        # the reference's weight, 1 - average, leaves the start average^iterations: nothing of 100,000, most of 100
        weight = (1 - self.config.average) / (1 - self.config.average**self.iteration)
        for mean, parameter in zip(self.average.parameters(), self.critic.parameters(), strict=True):
            mean.lerp_(parameter.detach(), weight)

    def _evaluate(self) -> None:
        parts = distance(self.average, *self._draw(), self.config.slope_epsilon)
        self.evaluations.append((parts[0].item(), parts[1].item()))

    def _draw(self) -> tuple[Float[Tensor, "both c h w"], Float[Tensor, " half"]]:
        """A batch of real and as many generated images, dithered, and the mixing weights of their pairs."""
        batch, random = self.config.batch, self.random
        chosen = [torch.randint(len(images), (batch,), generator=random) for images in (self.real, self.generated)]
        dither = torch.rand((2 * batch, *self.real.shape[1:]), generator=random)
        mix = torch.rand(batch, generator=random)
        images = (side[i.to(self.device)] for side, i in zip((self.real, self.generated), chosen, strict=True))
        pixels = (torch.cat(list(images)).float() - 128) / 128 + self.config.dither * dither.to(self.device)
        return pixels.movedim(-1, 1), mix.to(self.device)

    def tensors(self) -> dict[str, Tensor]:
        """Everything that `restore` needs, by name; not copied."""
        state = {
            "iteration": torch.tensor(self.iteration),
            "random": self.random.get_state(),
            "evaluations": torch.tensor(self.evaluations, dtype=torch.float64).reshape(-1, 2),
        }
        adam = {f"adam.{name}": value for name, value in adam_tensors(self.adam).items()}
        return state | self.networks.state_dict() | adam

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Go on from what `tensors` gave with the same arguments."""
        self.iteration = int(tensors["iteration"])
        self.random.set_state(tensors["random"].clone())  # PyTorch 2.15 reads a view from its storage's start
        self.evaluations = [(wasserstein, penalty) for wasserstein, penalty in tensors["evaluations"].tolist()]
        self.networks.load_state_dict({name: tensors[name] for name in self.networks.state_dict()})
        adam = {name.removeprefix("adam."): value for name, value in tensors.items() if name.startswith("adam.")}
        restore_adam(self.adam, adam)
