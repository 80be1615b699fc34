from compiler.api.recordings import *
