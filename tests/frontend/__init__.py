"""Tests of the front end. A package, so that its modules can share ``networks``."""
