"""Recordings and frames as training takes them: read, binned, changed at random, put in batches."""
