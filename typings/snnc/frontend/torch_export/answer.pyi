from compiler.frontend.torch_export.answer import *
