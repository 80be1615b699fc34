from compiler.recordings.sounds import *
