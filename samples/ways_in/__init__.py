"""Every way into snnc, tried: ``docs/ways-in.md``."""
