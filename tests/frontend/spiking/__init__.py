"""Networks of spiking libraries: one file of cases a library, run in that library's environment."""
