"""Feature spaces: what images are turned into before distributions of them are compared, a file each."""
