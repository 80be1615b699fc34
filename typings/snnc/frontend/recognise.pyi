from compiler.frontend.recognise import *
