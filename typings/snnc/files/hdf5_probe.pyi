from compiler.files.hdf5_probe import *
