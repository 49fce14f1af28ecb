//! The networks of a condition, and whether they are so wide that they narrow nothing.
//!
//! Follows "The meaning of public" in the S3 user guide: networks of more than a `/8` (IPv4) or a `/32` (IPv6) are
//! everybody's. Here this limit is for all networks of a condition together, so that many smaller ones are not less.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

/// The most addresses in networks that are not everybody's.
const MOST: (u128, u128) = (1 << (32 - 8), 1 << (128 - 32));

/// Addresses that nobody has in the internet: they do not count.
const PRIVATE: [(Ipv4Addr, u8); 4] = [
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
];

/// Whether anyone can have an address in one of these networks. A text that is no network can be any.
pub(super) fn are_everybodys<'a>(networks: impl Iterator<Item = Cow<'a, str>>) -> bool {
    let networks: Option<BTreeSet<_>> = networks.map(|text| parse(&text)).collect();
    let Some(networks) = networks else { return true };
    let (mut small, mut large) = (0_u128, 0_u128);
    for (address, bits) in networks {
        match address {
            IpAddr::V4(address) if is_private(address, bits) => {}
            IpAddr::V4(_) => small += 1_u128 << (32 - bits),
            IpAddr::V6(_) => {
                large = large.saturating_add(1_u128.checked_shl(128 - u32::from(bits)).unwrap_or(u128::MAX));
            }
        }
    }
    small > MOST.0 || large > MOST.1
}

fn is_private(address: Ipv4Addr, bits: u8) -> bool {
    PRIVATE
        .iter()
        .any(|(network, size)| bits >= *size && address.to_bits() >> (32 - size) == network.to_bits() >> (32 - size))
}

/// A network, with the IPv4 addresses that an IPv6 network maps as what they are.
fn parse(text: &str) -> Option<(IpAddr, u8)> {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let address: IpAddr = address.parse().ok()?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.map_or(Some(longest), |bits| bits.parse().ok()).filter(|bits| *bits <= longest)?;
    match address {
        IpAddr::V6(six) if bits >= 96 => {
            Some(six.to_ipv4_mapped().map_or((address, bits), |four| (IpAddr::V4(four), bits - 96)))
        }
        _ => Some((address, bits)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_everybodys_if_they_are_wide_together() {
        let everybodys = |networks: &[&str]| are_everybodys(networks.iter().map(|network| (*network).into()));
        for narrow in [
            &["203.0.113.0/24"][..],
            &["203.0.113.7", "2001:db8::1"],
            &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"],
            &["54.0.0.0/8", "54.0.0.0/8"],
            &["2001:db8::/32"],
            &["::ffff:203.0.113.0/120"],
            &[],
        ] {
            assert!(!everybodys(narrow), "{narrow:?}");
        }
        for wide in [
            &["0.0.0.0/0"][..],
            &["::/0"],
            &["203.0.113.0/24", "0.0.0.0/0"],
            &["0.0.0.0/1", "128.0.0.0/1"],
            &["54.0.0.0/9", "54.128.0.0/9", "55.0.0.0/32"],
            &["10.0.0.0/7"],
            &["::ffff:0:0/96"],
            &["2000::/3"],
            &["2001:db8::/32", "2001:db9::/32"],
            &["0.0.0.0/00"],
            &["everywhere"],
            &["1.2.3.4/33"],
            &["1.2.3.4/"],
            &["1.2.3.4/24/0"],
        ] {
            assert!(everybodys(wide), "{wide:?}");
        }
    }
}
