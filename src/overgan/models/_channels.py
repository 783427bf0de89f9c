"""The images that the convolutional models make, and their channels at every size on the way, in multiples of k."""

START = 4  # pixels of the generator's first layer
SMALL = 32  # pixels, up to which networks are as in the reference's for CIFAR-10; beyond, as in those for 64 pixels

# by the pixels of the image: from START on, at every doubling. None is more than 16, so that at 256 pixels 8 comes
# twice: as PyTorch-StudioGAN goes on with the ResNet of 64 pixels
MULTIPLES = {16: (2, 1), 32: (4, 2, 1), 64: (8, 4, 2, 1), 128: (16, 8, 4, 2, 1), 256: (16, 8, 8, 4, 2, 1)}
