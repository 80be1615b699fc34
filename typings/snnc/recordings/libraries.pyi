from compiler.recordings.libraries import *
