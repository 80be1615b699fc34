"""``snnc noise``: how much of a model's answers is the noise of its spikes, layer by layer."""
