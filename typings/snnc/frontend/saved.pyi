from compiler.frontend.saved import *
