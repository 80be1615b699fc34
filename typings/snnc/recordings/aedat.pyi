from compiler.recordings.aedat import *
