from compiler.recordings.events import *
