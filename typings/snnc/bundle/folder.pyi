from compiler.bundle.folder import *
