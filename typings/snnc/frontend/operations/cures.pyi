from compiler.frontend.operations.cures import *
