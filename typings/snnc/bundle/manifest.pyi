from compiler.bundle.manifest import *
