"""``python -m snnc``: the same as the command ``snnc``."""

from .commands.start import main

if __name__ == "__main__":
    main()
