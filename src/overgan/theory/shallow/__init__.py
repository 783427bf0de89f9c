"""The shallow GAN of the paper's Section 2; its public names are those of `overgan.theory`."""
