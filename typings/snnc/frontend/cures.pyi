from compiler.frontend.cures import *
