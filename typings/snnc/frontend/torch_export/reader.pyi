from compiler.frontend.torch_export.reader import *
