"""Readers of foreign tables: each stages a file's rows with text ids; `assemble` codes them into a dataset."""
