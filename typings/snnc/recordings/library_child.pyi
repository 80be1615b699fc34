from compiler.recordings.library_child import *
