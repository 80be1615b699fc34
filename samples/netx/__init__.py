"""Networks of lava-dl with recorded truth, compared with snnc's integers (docs/netx.md)."""
