"""The paper exchange that speaks the venue's protocols: one state machine, and the faces that show it."""
