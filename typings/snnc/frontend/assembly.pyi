from compiler.frontend.assembly import *
