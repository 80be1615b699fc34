from compiler.recordings.tables import *
