from compiler.frontend.archives.tensors import *
