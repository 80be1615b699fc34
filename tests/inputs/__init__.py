"""Inputs that are no counts, and still images."""
