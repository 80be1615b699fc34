from compiler.frontend.torch_export.given import *
