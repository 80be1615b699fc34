from compiler.bundle_output import *
