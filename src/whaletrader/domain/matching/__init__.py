"""How orders are matched: with others' later prints where no book is known, and in a book by price and time."""
