"""The trading language: values and pure rules; it knows no messages and does no I/O."""
