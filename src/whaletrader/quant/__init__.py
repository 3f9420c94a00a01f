"""Pure numerics: NumPy, numba and SciPy; arrays in, arrays and numbers out."""
