from compiler.frontend.torch_export.interface import *
