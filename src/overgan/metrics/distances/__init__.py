"""What is computed from two or three sets of features, a file each."""
