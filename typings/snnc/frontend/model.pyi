from compiler.frontend.model import *
