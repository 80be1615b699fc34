"""Reports: what they say, and that a browser shows it."""
