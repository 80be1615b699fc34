from compiler.frontend.states import *
