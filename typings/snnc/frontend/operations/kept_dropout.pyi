from compiler.frontend.operations.kept_dropout import *
