"""snn-mlir 1.0.0: its check alone, which says whether the compiler would take the file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

path = sys.argv[1]
command = Path(sys.executable).parent / "snn-mlir"
done = subprocess.run([command, "check", path], capture_output=True, text=True, check=False)
lines = (line.strip() for line in done.stdout.splitlines())
failures = [line for line in lines if line.startswith(("FAIL", "ERROR"))]
if done.returncode or failures:
    words = [" ".join(line.split()) for line in failures[:2]]
    sys.stderr.write("; ".join(words) or (done.stderr or done.stdout).strip()[-200:])
    sys.exit(1)
