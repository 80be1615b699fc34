from compiler.frontend.slayer.load import *
