from compiler.frontend.torch_export.aten import *
