"""Deep generators, the paper's Section 2.4; their public names are those of `overgan.theory`."""
