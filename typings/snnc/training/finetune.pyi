from compiler.training.finetune import *
