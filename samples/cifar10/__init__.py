"""CIFAR-10 (the JPEG copy of ``../shared/data/cifar10``): networks at the size of their papers."""
