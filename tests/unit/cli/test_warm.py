"""The warm-up finds every module with kernels and compiles what they declare."""

import importlib

from whaletrader.cli import warm


def test_every_module_that_has_kernels_is_found_and_can_be_imported():
    names = warm.kernel_modules()
    assert "whaletrader.quant.bootstrap" in names
    assert names == sorted(names)
    assert all(importlib.import_module(name) for name in names)


def test_the_warm_up_does_not_find_itself():
    assert "whaletrader.cli.warm" not in warm.kernel_modules()


def test_the_warm_up_says_how_long_it_took(capsys):
    assert warm.main() == 0
    assert capsys.readouterr().out.startswith("kernels: ")
