"""Recipes for the event sets of Kugele et al. 2020 that are not here: gestures, cars, CIFAR10-DVS."""
