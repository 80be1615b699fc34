from compiler.verify.frames import *
