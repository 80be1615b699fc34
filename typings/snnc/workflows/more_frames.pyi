from compiler.workflows.more_frames import *
