from compiler.commands.finetune import *
