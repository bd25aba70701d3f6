"""Which network addresses may be called at all, whatever the list of hosts says.

Offices do have receivers in their own networks, so private addresses are fine. What is never a receiver: the
metadata services of clouds, which hand out credentials to whoever asks; this machine; and what leads to
everybody at once. The same addresses written inside others (mapped, translated, tunnelled) are the same.

Source: IANA special-purpose address registries; RFC 4291, 6052, 3056, 4380, 5214; the clouds' own pages.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

#: Names of metadata services, and of what lies below them.
METADATA_NAMES = (
    "metadata",
    "instance-data",
    "metadata.google.internal",
    "metadata.goog",
    "metadata.tencentyun.com",
    "metadata.azure.com",
    "metadata.azure.internal",
    "metadata.packet.net",
    "metadata.platformequinix.com",
    "instance-data.ec2.internal",
    "100-100-100-200.internal",
)

_NEVER_4 = tuple(
    IPv4Network(one)
    for one in (
        "0.0.0.0/8",
        # Shared by carriers and clouds, not by offices; Aliyun's metadata are at 100.100.100.200.
        "100.64.0.0/10",
        # Azure's wire server, and Oracle's and IETF's protocol assignments.
        "168.63.129.16/32",
        "192.0.0.0/24",
        # Link-local: AWS, Azure, Google, Tencent, Huawei, OpenStack and others answer at 169.254.x.x.
        "169.254.0.0/16",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_NEVER_6 = tuple(
    IPv6Network(one)
    for one in (
        "::/128",
        # A prefix of an operator's own choosing: what lies inside cannot be told.
        "64:ff9b:1::/48",
        "100::/64",
        # AWS, Google, Scaleway, Oracle.
        "fd00:ec2::/32",
        "fd20:ce::/64",
        "fd00:42::/32",
        "fd00:c1::/32",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)
_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))

_TRANSLATED = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")
#: The interface identifier of ISATAP, but for its universal/local bit: 0000:5efe, then the IPv4 address.
_ISATAP = 0x00005EFE
_ISATAP_MASK = 0xFDFFFFFF


def may_be_called(address: str, *, loopback: bool = False) -> bool:
    """Say whether a connection may be made to this IP address; `loopback` lets this machine be called too.

    Raises `ValueError` for what is no address.
    """
    given = ip_address(address.partition("%")[0])
    return all(_is_fine(one, loopback=loopback) for one in _all_in(given))


def is_loopback(address: str) -> bool:
    """Say whether an IP address, in whatever form, is this machine's. Raises `ValueError` for no address."""
    return any(one in net for one in _all_in(ip_address(address.partition("%")[0])) for net in _LOOPBACK)


def is_metadata_name(host: str) -> bool:
    """Say whether a host is known as a metadata service, with or without a dot at its end."""
    plain = host.lower().rstrip(".")
    return any(plain == one or plain.endswith(f".{one}") for one in METADATA_NAMES)


def _all_in(given: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """Return the address, and every IPv4 address that is written inside it."""
    if isinstance(given, IPv4Address) or given in _LOOPBACK[1] or int(given) == 0:
        return [given]
    low = int(given) & 0xFFFFFFFF
    inside = [one for one in (given.ipv4_mapped, given.sixtofour, *(given.teredo or ())) if one is not None]
    if given in _TRANSLATED or given in _COMPATIBLE:
        inside.append(IPv4Address(low))
    if (int(given) >> 32) & _ISATAP_MASK == _ISATAP:
        inside.append(IPv4Address(low))
    return [given, *inside]


def _is_fine(one: IPv4Address | IPv6Address, *, loopback: bool) -> bool:
    if any(one in net for net in _LOOPBACK):
        return loopback
    never = _NEVER_4 if isinstance(one, IPv4Address) else _NEVER_6
    return not any(one in net for net in never)
