from compiler.frontend.slayer.chain import *
