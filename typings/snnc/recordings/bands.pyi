from compiler.recordings.bands import *
