from compiler.files.kinds import *
