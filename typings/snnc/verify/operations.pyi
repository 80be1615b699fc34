from compiler.verify.operations import *
