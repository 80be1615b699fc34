from compiler.bundle.kept import *
