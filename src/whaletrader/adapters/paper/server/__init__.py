"""A local exchange that speaks the venue's protocols: everything it trades is SIMULATED."""
