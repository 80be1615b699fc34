"""Independent pieces of work, carried out here, in worker processes or by a scheduler of Dask.

What comes of a piece depends on nothing but the piece and on what all share, so that results are the
same bytes whatever number of workers there is. ``pieces.carry_out`` is the one way in.
"""

from .pieces import carry_out
from .place import HERE, Place, cores
from .work import Piece, Work

__all__ = ["HERE", "Piece", "Place", "Work", "carry_out", "cores"]
