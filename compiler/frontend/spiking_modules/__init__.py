"""Networks that spike, written with another library: its neurons are known by their class."""
