"""Pure decoders of the venue's JSON into canonical values; no I/O."""
