"""CIFAR-10 in front of a modelled event camera, moved as for CIFAR10-DVS (Li et al. 2017)."""
