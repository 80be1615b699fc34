from compiler.recordings.readers import *
