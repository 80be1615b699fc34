from compiler.recordings.options import *
