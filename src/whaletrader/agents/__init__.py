"""The six agents and copy_signal: `decide` and `evolve`, pure."""
