from compiler.verify.rounded import *
