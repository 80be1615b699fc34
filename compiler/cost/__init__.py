"""What a run costs: operations counted, energy estimated from published tables (``docs/energy.md``)."""
