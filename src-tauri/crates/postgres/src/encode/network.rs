//! Addresses: `inet`, `cidr`, `macaddr`, `macaddr8`, from the text PostgreSQL prints.

use super::error::Unfit;
use std::net::IpAddr;

/// What the server calls the two families, whatever the system does.
const VERSION_4: u8 = 2;
const VERSION_6: u8 = 3;

/// Appends an address with an optional length of its network.
pub(super) fn put_address(text: &str, is_network: bool, out: &mut Vec<u8>) -> Result<(), Unfit> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().map_err(|_| Unfit::NoAddress)?;
    let most: u8 = if address.is_ipv4() { 32 } else { 128 };
    let length = match length {
        None => most,
        Some(digits) if digits.bytes().all(|c| c.is_ascii_digit()) => {
            digits.parse().ok().filter(|length| *length <= most).ok_or(Unfit::NoAddress)?
        }
        Some(_) => return Err(Unfit::NoAddress),
    };
    let mut put = |family: u8, bytes: &[u8]| {
        let bits = u128::from_be_bytes({
            let mut wide = [0; 16];
            wide.iter_mut().zip(bytes).for_each(|(wide, byte)| *wide = *byte);
            wide
        });
        // A network has no bits behind its length.
        if is_network && bits.checked_shl(u32::from(length)).unwrap_or(0) != 0 {
            return Err(Unfit::NoAddress);
        }
        out.extend([family, length, u8::from(is_network), bytes.len() as u8]);
        out.extend(bytes);
        Ok(())
    };
    match address {
        IpAddr::V4(address) => put(VERSION_4, &address.octets()),
        IpAddr::V6(address) => put(VERSION_6, &address.octets()),
    }
}

/// Appends `N` bytes written in hexadecimal with colons between.
pub(super) fn put_mac<const N: usize>(text: &str, out: &mut Vec<u8>) -> Result<(), Unfit> {
    let mut parts = text.split(':');
    let mut bytes = [0; N];
    for byte in &mut bytes {
        let part = parts.next().filter(|part| part.len() == 2 && part.bytes().all(|c| c.is_ascii_hexdigit()));
        *byte = part.and_then(|part| u8::from_str_radix(part, 16).ok()).ok_or(Unfit::NoAddress)?;
    }
    if parts.next().is_some() {
        return Err(Unfit::NoAddress);
    }
    out.extend(bytes);
    Ok(())
}

/// Appends a position in the write-ahead log, written as `16/B374D848`.
pub(super) fn put_lsn(text: &str, out: &mut Vec<u8>) -> Result<(), Unfit> {
    let half = |part: &str| {
        let good = (1..=8).contains(&part.len()) && part.bytes().all(|c| c.is_ascii_hexdigit());
        u32::from_str_radix(part, 16).ok().filter(|_| good).ok_or(Unfit::NoLsn)
    };
    let (high, low) = text.split_once('/').ok_or(Unfit::NoLsn)?;
    out.extend(half(high)?.to_be_bytes());
    out.extend(half(low)?.to_be_bytes());
    Ok(())
}

/// Appends bits written as 0 and 1. `exact` is whether the declared size is also the least.
pub(super) fn put_bits(text: &str, size: Option<u32>, exact: bool, out: &mut Vec<u8>) -> Result<(), Unfit> {
    let digits = text.as_bytes();
    if !digits.iter().all(|digit| matches!(digit, b'0' | b'1')) {
        return Err(Unfit::NoBits);
    }
    let count = u32::try_from(digits.len()).map_err(|_| Unfit::TooLarge)?;
    if size.is_some_and(|size| count > size || exact && count < size) {
        return Err(Unfit::BitLength);
    }
    out.extend(count.to_be_bytes());
    for byte in digits.chunks(8) {
        let value = byte.iter().fold(0, |value, digit| value << 1 | digit & 1);
        out.push(value << (8 - byte.len()));
    }
    Ok(())
}
