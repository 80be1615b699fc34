"""One network as hardware of snnc and of spikerplus (``docs/fpga-others.md``)."""

PIXELS, HIDDEN, CLASSES = 64, 48, 10
BETA = 0.9375
"""1 - 1/16: spikerplus takes decays that are a shift."""

STEPS, EXTRA = 16, 4
"""Steps of a sample, and empty ones behind it: spikerplus shows spikes two steps late a layer."""
