from compiler.frontend.nir.file import *
