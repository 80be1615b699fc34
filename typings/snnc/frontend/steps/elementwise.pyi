from compiler.frontend.steps.elementwise import *
