from compiler.files.inside import *
