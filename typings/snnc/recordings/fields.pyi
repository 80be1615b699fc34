from compiler.recordings.fields import *
