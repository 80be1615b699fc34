"""The command line: start, options, one file a command, and what is printed. No logic."""
