"""The replay of the App on a dataset, with baselines and placebos."""
