from compiler.frontend.deployment import *
