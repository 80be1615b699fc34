"""The one door between snnc and files: how untrusted files are read, and how results are written.

Readers refuse what is no regular file, know how much a file will decompress before it does, and turn
whatever a parser raises into a message. Writers write beside the name and rename.
"""
