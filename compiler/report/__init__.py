"""A bundle as one HTML file, and as figures for a paper (``docs/report.md``)."""
