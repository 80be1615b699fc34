from compiler.recordings.found import *
