"""How fast simulators are, each against named competitors in the same run: ``make bench``."""
