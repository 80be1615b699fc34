from compiler.recordings.making import *
