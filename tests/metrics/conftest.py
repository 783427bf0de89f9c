import numpy as np
import pytest


@pytest.fixture(scope="session")
def photos():
    """320 colour patches of 32 × 32 pixels from scikit-learn's two photographs, in a random order."""
    from sklearn.datasets import load_sample_images

    patches = [
        photo[y : y + 32, x : x + 32]
        for photo in load_sample_images().images
        for y in range(0, 384, 32)
        for x in range(0, 416, 32)
    ]
    order = np.random.default_rng(0).permutation(len(patches))[:320]
    return np.stack(patches)[order]


@pytest.fixture(scope="session")
def inception_weights(tmp_path_factory):
    """torch-fidelity's architecture with random weights, scaled so that features neither vanish nor explode."""
    import torch
    from torch import nn
    from torch_fidelity import feature_extractor_inceptionv3 as inception

    class Unloaded(inception.FeatureExtractorInceptionV3):
        def load_state_dict(self, *_):
            pass

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inception, "load_state_dict_from_url", lambda *_, **__: {})
        network = Unloaded("random", ["2048"])
    random = torch.Generator().manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, generator=random)
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1, generator=random)
            module.running_var.uniform_(0.5, 1.5, generator=random)
    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    torch.save(network.state_dict(), path)
    return path
