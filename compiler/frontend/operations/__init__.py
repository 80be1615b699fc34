"""What each exported operation means for the graph."""
