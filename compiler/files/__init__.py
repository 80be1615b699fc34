"""The one door between snnc and files: how untrusted files are read, and how results are written.

Readers refuse what is no regular file, know how much a file will decompress before it does, and turn
whatever a parser raises into a message. Writers write beside the name and rename. ``docs/files.md``.
"""

from .arrays import parse_npy, parse_npz
from .documents import parse_json, parse_toml
from .hdf5 import check_hdf5
from .hdf5_probe import hdf5_arrays, hdf5_root, remember_hdf5
from .kinds import Kind, parsing, reason
from .memory import Budget, share_of_memory
from .nir_graphs import graph_of_tree, nir_tree, parse_nir
from .reading import check_file, read_bytes, resolved
from .zips import Zip, open_zip

__all__ = [
    "Budget",
    "Kind",
    "Zip",
    "check_file",
    "check_hdf5",
    "graph_of_tree",
    "hdf5_arrays",
    "hdf5_root",
    "nir_tree",
    "open_zip",
    "parse_json",
    "parse_nir",
    "parse_npy",
    "parse_npz",
    "parse_toml",
    "parsing",
    "read_bytes",
    "reason",
    "remember_hdf5",
    "resolved",
    "share_of_memory",
]
