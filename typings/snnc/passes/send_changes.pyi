from passes.send_changes import *
