from compiler.verify.around import *
