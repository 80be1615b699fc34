from compiler.verify.causes import *
