from compiler.frontend.torch_export.calibration import *
