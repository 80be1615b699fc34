from compiler.frontend.given import *
