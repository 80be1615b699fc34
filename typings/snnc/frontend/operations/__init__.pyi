from compiler.frontend.operations import *
