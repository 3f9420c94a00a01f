"""The risk kernel: a pure function from (state, proposal) to a decision, and the limits it holds."""
