"""Placements of real networks, judged by SANA-FE (``docs/placement.md``)."""
