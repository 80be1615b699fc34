from compiler.frontend.own_networks import *
