from compiler.frontend.slayer.blocks import *
