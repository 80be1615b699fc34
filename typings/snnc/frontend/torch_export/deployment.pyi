from compiler.frontend.torch_export.deployment import *
