//! Which addresses may be loaded: this machine always, another one only when it was named, some never.
//!
//! Asked after the name was resolved, of the address that is then connected to: no spelling of a host and no change of its name's answer gets
//! past it.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What is held of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is this machine.
    Here,
    /// It is another: somebody must have named it.
    Elsewhere,
    /// Nobody may load it: every address at once, the neighbourhood's own services (a cloud's keys at 169.254.169.254), groups.
    Never,
}

/// The verdict on an address, whatever form it is written in.
pub(super) fn judge(address: IpAddr) -> Verdict {
    match address.to_canonical() {
        IpAddr::V4(address) => judge_v4(address),
        IpAddr::V6(address) => match carried(address) {
            // A gateway would take it back to where we are, or to where nobody may go.
            Some(inner) if judge_v4(inner) != Verdict::Elsewhere => Verdict::Never,
            _ => judge_v6(address),
        },
    }
}

fn judge_v4(address: Ipv4Addr) -> Verdict {
    let of_no_network = address.octets()[0] == 0;
    match address {
        _ if address.is_loopback() => Verdict::Here,
        _ if of_no_network || address.is_link_local() => Verdict::Never,
        _ if address.is_multicast() || address.is_broadcast() => Verdict::Never,
        _ => Verdict::Elsewhere,
    }
}

fn judge_v6(address: Ipv6Addr) -> Verdict {
    match address {
        _ if address.is_loopback() => Verdict::Here,
        _ if address.is_unspecified() || address.is_multicast() => Verdict::Never,
        _ if address.is_unicast_link_local() => Verdict::Never,
        _ => Verdict::Elsewhere,
    }
}

/// The IPv4 address that an IPv6 address carries: NAT64 (RFC 6052 §2.1), 6to4 (RFC 3056 §2), IPv4-compatible (RFC 4291 §2.5.5.1).
fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match [a, b, c, d, e, f] {
        [0x64, 0xff9b, 0, 0, 0, 0] => Some(v4(g, h)),
        [0x2002, ..] => Some(v4(b, c)),
        [0, 0, 0, 0, 0, 0] if g != 0 => Some(v4(g, h)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_may_be_loaded_others_when_named_and_some_never() {
        for (verdict, addresses) in [
            (Verdict::Here, &["127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"][..]),
            (
                Verdict::Elsewhere,
                &[
                    "10.0.0.5",
                    "192.0.2.1",
                    "8.8.8.8",
                    "::ffff:10.0.0.5",
                    "fd00::2",
                    "2001:db8::1",
                    "64:ff9b::a00:5",
                ],
            ),
            (
                Verdict::Never,
                &[
                    "0.0.0.0",
                    "0.1.2.3",
                    "::",
                    "169.254.169.254",
                    "::ffff:169.254.169.254",
                    "::ffff:0.0.0.0",
                    "::169.254.169.254",
                    "64:ff9b::a9fe:a9fe",
                    "64:ff9b::7f00:1",
                    "2002:a9fe:a9fe::1",
                    "2002:7f00:1::",
                    "fe80::1",
                    "febf::1",
                    "224.0.0.1",
                    "239.1.2.3",
                    "ff02::1",
                    "255.255.255.255",
                ],
            ),
        ] {
            for address in addresses {
                assert_eq!(judge(address.parse().unwrap()), verdict, "{address}");
            }
        }
    }
}
