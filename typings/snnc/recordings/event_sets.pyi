from compiler.recordings.event_sets import *
