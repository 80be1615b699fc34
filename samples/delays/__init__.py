"""What it costs to train without the delays that a chip has: the core claim of Kugele et al. 2020."""
