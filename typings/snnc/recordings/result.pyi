from compiler.recordings.result import *
