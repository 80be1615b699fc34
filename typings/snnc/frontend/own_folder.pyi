from compiler.frontend.own_folder import *
