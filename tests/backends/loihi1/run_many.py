"""Runs many jobs on one emulator in one process: ``python run_many.py SCRIPT JOB...``."""

import runpy
import sys
from pathlib import Path

main = runpy.run_path(sys.argv[1])["main"]
for job in sys.argv[2:]:
    main(Path(job))
