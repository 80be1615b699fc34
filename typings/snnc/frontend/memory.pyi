from compiler.frontend.memory import *
