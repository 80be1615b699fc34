"""Networks of lava-dl (netx): trained integers, read into a program as they are (docs/netx.md)."""
