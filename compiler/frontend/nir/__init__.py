"""NIR files to graphs (``docs/nir.md``)."""
