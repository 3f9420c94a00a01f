"""numba's compiler for the package's kernels, with names in the machine code that no other process gives.

In every process numba numbers what it compiles from 1, and only that number tells two closures of one name apart: those
of a sort and of an argsort, say. Two kernels that two processes compiled, and a third loads from the cache, may then
share a name with different code behind it; the linker takes the first, and the other kernel gives wrong results or
crashes. So every process counts from a place of its own, drawn by chance. No result depends on it.
"""

import os
import secrets
from itertools import count

import numba
from numba.core.bytecode import FunctionIdentity

njit = numba.njit


def number_apart() -> None:
    """Go on numbering where no other process does; children that are forked off do it again."""
    FunctionIdentity._unique_ids = count(secrets.randbits(48))


number_apart()
os.register_at_fork(after_in_child=number_apart)
