from compiler.frontend.slayer import *
