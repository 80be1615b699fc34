from compiler.workflows.live_blocks import *
