from compiler.frontend.calibration import *
