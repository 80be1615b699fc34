from compiler.frontend.steps import *
