from compiler.frontend.through_torch import *
