"""Bundles and data files on disk: the folder, its manifest, counts and labels."""
