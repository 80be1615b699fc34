from compiler.frontend.magnitudes import *
