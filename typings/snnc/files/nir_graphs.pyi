from compiler.files.nir_graphs import *
