"""An address where no cluster answers is told at once; needs no Ray."""

import socket

import pytest

from whaletrader.adapters.ray.executor import check_answers
from whaletrader.errors import UsageError


@pytest.mark.parametrize("form", ["127.0.0.1:{}", "ray://127.0.0.1:{}"])
def test_an_address_where_nobody_listens_is_refused_at_once(form: str) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        address = form.format(bound.getsockname()[1])
        with pytest.raises(UsageError, match="there is no Ray cluster at") as told:
            check_answers(address)
        assert address in told.value.message
        bound.listen()
        check_answers(address)


def test_a_port_that_cannot_be_is_refused() -> None:
    with pytest.raises(UsageError, match="there is no Ray cluster at"):
        check_answers("127.0.0.1:65536")


@pytest.mark.parametrize("address", ["auto", "local", "a-name-of-rays-own"])
def test_an_address_of_another_form_is_rays_to_read(address: str) -> None:
    check_answers(address)
