"""``python -m snnc``: the same as the command ``snnc``."""

from snnc.start import main

if __name__ == "__main__":
    main()
