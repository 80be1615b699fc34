from compiler.files.user_cache import *
