"""How a project is compiled and linked: by its Makefile, and by snnc."""

OPTIMIZE = ("-O2", "-ffunction-sections", "-fdata-sections")
LINK = ("-nostartfiles", "-Wl,--gc-sections")
