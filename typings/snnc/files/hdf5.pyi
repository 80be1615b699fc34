from compiler.files.hdf5 import *
