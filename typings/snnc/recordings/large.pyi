from compiler.recordings.large import *
