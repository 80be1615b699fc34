from compiler.frontend.archive import *
