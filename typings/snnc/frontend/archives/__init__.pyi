from compiler.frontend.archives import *
