from compiler.frontend.torch_export.states import *
