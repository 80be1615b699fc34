from compiler.frontend.operations.training_mode import *
