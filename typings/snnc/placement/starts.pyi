from compiler.placement.starts import *
