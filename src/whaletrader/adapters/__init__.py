"""One folder a technology; files are named after the port they fill."""
