from compiler.workflows.live_network import *
