"""One frozen tree of plain values; loaded by `app`, passed everywhere else."""
