"""The neural net divergence: how far a critic, trained for nothing else, tells generated images from real ones."""
