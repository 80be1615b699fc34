"""Networks of lava-dl's SLAYER, live: blocks of integers, read through what lava-dl exports of them."""
