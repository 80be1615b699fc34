from compiler.frontend.slayer.live import *
