"""The number of images in a vector, for those who need it without a compiler."""

LANES = 16
