from compiler.frontend.torch_export.folding import *
