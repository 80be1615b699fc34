from compiler.frontend.steps.constants import *
