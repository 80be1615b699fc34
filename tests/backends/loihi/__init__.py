"""Tests of the Loihi back end. A package, so that its modules can share ``networks``."""
