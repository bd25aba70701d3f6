"""Addresses that people type: every reason why a page cannot lead there."""

import pytest

from app.domain.addresses import web_address_faults


@pytest.mark.parametrize(
    "address",
    ["http://a", "HTTPS://例子.cn/页?a=1#b", "https://a.cn:8443/", "http://[::1]/", "http://u@a.cn"],
)
def test_a_page_can_lead_there(address: str) -> None:
    assert web_address_faults(address) == ()


@pytest.mark.parametrize(
    ("address", "faults"),
    [
        ("", ("address_scheme",)),
        ("ftp://a.cn", ("address_scheme",)),
        ("javascript:alert(1)", ("address_scheme",)),
        ("a b", ("address_scheme", "address_character")),
        ("http://a.cn/\u200b", ("address_character",)),
        ("http://a.cn\\b", ("address_character",)),
        ("http://", ("address_incomplete",)),
        ("http://...", ("address_incomplete",)),
        ("http://a:0", ("address_incomplete",)),
        ("http://a:99999", ("address_incomplete",)),
        ("http://[::1", ("address_incomplete",)),
        ("http:// ", ("address_character", "address_incomplete")),
    ],
)
def test_every_reason_is_told(address: str, faults: tuple[str, ...]) -> None:
    assert web_address_faults(address) == faults
