from compiler.placement.clusters import *
