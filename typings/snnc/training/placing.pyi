from compiler.training.placing import *
