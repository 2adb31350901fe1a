//! Texts of values built byte by byte; the server's own are compared in `tests/read/types.rs`.

use super::*;

fn printed(ty: &PgType, raw: &[u8]) -> Result<String, Broken> {
    let mut out = Vec::new();
    Printer::of(ty).unwrap().print(raw, &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

fn address(bytes: [u8; 16]) -> String {
    printed(&PgType::Inet, &[&[3, 128, 0, 16][..], &bytes].concat()).unwrap()
}

#[test]
fn addresses_are_shortened_as_the_server_does() {
    let words = |words: [u16; 8]| address(words.map(u16::to_be_bytes).concat().try_into().unwrap());
    assert_eq!(words([0; 8]), "::");
    assert_eq!(words([0, 0, 0, 0, 0, 0, 0, 1]), "::1");
    assert_eq!(words([0x2001, 0xdb8, 0, 0, 1, 0, 0, 1]), "2001:db8::1:0:0:1");
    assert_eq!(words([1, 0, 2, 3, 4, 5, 6, 0]), "1:0:2:3:4:5:6:0");
    assert_eq!(words([1, 0, 0, 3, 4, 5, 0, 0]), "1::3:4:5:0:0");
    assert_eq!(words([1, 2, 3, 4, 5, 6, 0, 0]), "1:2:3:4:5:6::");
    assert_eq!(words([0, 0, 0, 0, 0, 0xffff, 0x7f00, 1]), "::ffff:127.0.0.1");
    assert_eq!(words([0, 0, 0, 0, 0, 0, 0x7f00, 1]), "::127.0.0.1");
    assert_eq!(printed(&PgType::Inet, &[2, 32, 0, 4, 10, 0, 0, 1]).unwrap(), "10.0.0.1");
    assert_eq!(printed(&PgType::Inet, &[2, 8, 0, 4, 10, 0, 0, 1]).unwrap(), "10.0.0.1/8");
    assert_eq!(printed(&PgType::Cidr, &[2, 32, 1, 4, 10, 0, 0, 1]).unwrap(), "10.0.0.1/32");
    assert!(printed(&PgType::Inet, &[2, 33, 0, 4, 10, 0, 0, 1]).is_err());
}

#[test]
fn bytes_that_are_no_value_are_an_error() {
    let bad: [(PgType, &[u8]); 9] = [
        (PgType::Bit(None), &[0, 0, 0, 9, 1]),
        (PgType::Varbit(None), &[0xff, 0xff, 0xff, 0xff]),
        (PgType::Macaddr, &[1, 2, 3]),
        (PgType::Timetz, &[0; 13]),
        (PgType::Path, &[1, 0x7f, 0xff, 0xff, 0xff]),
        (PgType::Tsvector, &[0, 0, 0, 1, b'a']),
        (PgType::Tsquery, &[0, 0, 0, 1, 2, 2]),
        (PgType::Range("r".into(), Box::new(PgType::Int4)), &[0x20]),
        (PgType::Multirange("m".into(), Box::new(PgType::Int4)), &[0x7f, 0, 0, 0]),
    ];
    for (ty, raw) in bad {
        assert!(printed(&ty, raw).is_err(), "{ty}");
    }
}

#[test]
fn a_bound_of_the_length_is_one() {
    let query = [&[0, 0, 0, 1, 1, 15, 1][..], b"it's", &[0]].concat();
    let values: [(PgType, Vec<u8>); 5] = [
        (PgType::Bit(None), [&[0, 0, 0, 16][..], &[0xaa, 0x55]].concat()),
        (PgType::Macaddr8, vec![0xff; 8]),
        (PgType::Circle, [f64::MIN, f64::MIN, 1.0].map(f64::to_be_bytes).concat()),
        (PgType::Interval, [&i64::MIN.to_be_bytes()[..], &[0x80, 0, 0, 0], &[0x80, 0, 0, 5]].concat()),
        (PgType::Tsquery, query),
    ];
    for (ty, raw) in values {
        let text = printed(&ty, &raw).unwrap();
        assert!(text.len() <= Printer::of(&ty).unwrap().most_text(&raw), "{ty}: {text}");
    }
}
