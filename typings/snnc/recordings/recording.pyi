from compiler.recordings.recording import *
