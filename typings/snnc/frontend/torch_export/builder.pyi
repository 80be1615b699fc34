from compiler.frontend.torch_export.builder import *
