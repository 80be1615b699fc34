from compiler.frontend.training_mode import *
