from compiler.training.data.mixing import *
