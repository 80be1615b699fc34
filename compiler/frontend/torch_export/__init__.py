"""From an exported program to a graph, and the same program run by torch for the ladder."""
