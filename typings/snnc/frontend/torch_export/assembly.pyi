from compiler.frontend.torch_export.assembly import *
