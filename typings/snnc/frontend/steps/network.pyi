from compiler.frontend.steps.network import *
