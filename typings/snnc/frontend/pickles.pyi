from compiler.frontend.pickles import *
